import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { BadValue } from '../config/fault.js';
import { readListen } from '../config/listen.js';

export interface Listener {
  /** A path, `@name`, or an IP address and port as the kernel writes them. */
  readonly address: string;
  /** The number of its inode, by which it is known among a process's files. */
  readonly inode: string;
}

/** PID 1's own socket: where it is not to be seen, this is another network namespace, and nothing can be told. */
const OF_SYSTEMD = '/run/systemd/private';

/**
 * The addresses, as systemd writes them, at which no socket listens, or none that `holder` has: that is a process number,
 * or null if it does not matter who has it. Other processes' files are for root to see; for others any holder will do.
 */
export function unheld(addresses: readonly string[], holder: number | null): string[] {
  let all: Listener[];
  try {
    const tcp = addresses.some((address) => !/^[/@]/u.test(address)) ? ['net/tcp', 'net/tcp6'] : []; // they hold every connection
    all = [...unixListeners(proc('net/unix')), ...tcp.flatMap((name) => tcpListeners(proc(name)))];
  } catch {
    return [];
  }
  if (!all.some(({ address }) => address === OF_SYSTEMD)) return [];
  const held = holder === null ? null : inodesOf(holder);
  return addresses.filter((text) => {
    const address = kernelForm(text);
    return address !== null && !all.some((one) => one.address === address && held?.has(one.inode) !== false);
  });
}

/** Of /proc/net/unix: proc_pid_net(5). */
export function unixListeners(text: string): Listener[] {
  return text.split('\n').flatMap((line) => {
    const [, flags, inode, address] = /^\S+: \S+ \S+ (\S+) \S+ \S+ +(\d+) (.+)$/u.exec(line) ?? [];
    return flags === LISTENS && inode !== undefined && address !== undefined ? [{ address, inode }] : [];
  });
}

/** SO_ACCEPTCON, the only flag that the kernel shows there. */
const LISTENS = '00010000';

/** Of /proc/net/tcp and tcp6. */
export function tcpListeners(text: string): Listener[] {
  return text.split('\n').flatMap((line) => {
    const [, address = '', , state, , , , , , inode = ''] = line.trim().split(/ +/u);
    return state === '0A' ? [{ address, inode }] : [];
  });
}

/** Null for an address of a kind that we do not know. */
export function kernelForm(text: string): string | null {
  try {
    const listen = readListen(text);
    if (listen.kind === 'unix') return listen.path;
    if (listen.kind === 'abstract') return `@${listen.name}`;
    const bytes = listen.host.includes(':') ? ipv6(listen.host) : listen.host.split('.').map(Number);
    const words = new Uint32Array(new Uint8Array(bytes).buffer); // in the machine's own order of bytes, as the kernel does
    const hex = (word: number, digits: number): string => word.toString(16).toUpperCase().padStart(digits, '0');
    return `${[...words].map((word) => hex(word, 8)).join('')}:${hex(listen.port, 4)}`;
  } catch (error) {
    if (error instanceof BadValue) return null;
    throw error;
  }
}

function ipv6(host: string): number[] {
  const [head = '', tail] = host.split('::');
  const groups = (part: string): number[] => part.split(':').filter(Boolean).map((group) => parseInt(group, 16));
  const [first, rest] = [groups(head), groups(tail ?? '')];
  const all = [...first, ...Array.from({ length: tail === undefined ? 0 : 8 - first.length - rest.length }, () => 0), ...rest];
  return all.flatMap((group) => [group >> 8, group & 0xff]);
}

function proc(name: string): string {
  return readFileSync(`/proc/${name}`, 'utf8');
}

/** The sockets that a process has open; null where that is not for us to see. */
function inodesOf(pid: number): Set<string> | null {
  try {
    return new Set(readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/u.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // it has just closed it
        throw error;
      }
    }));
  } catch {
    return null;
  }
}
