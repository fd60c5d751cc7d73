import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { readIfThere } from './files.js';

/** SO_ACCEPTCON of a line of /proc/net/unix, which is there while a socket listens: proc(5). */
const LISTENS = 0x10000;

/** The inodes of the sockets that listen at a path, whether or not what is there now is one of them. */
export function listenersAt(path: string, table = readIfThere('/proc/net/unix') ?? ''): string[] {
  return table.split('\n').slice(1).flatMap((line) => {
    const [, flags = '', inode = '', at = ''] = /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) (.+)$/u.exec(line) ?? [];
    return (parseInt(flags, 16) & LISTENS) !== 0 && at.replace(/^\/var\/run\//u, '/run/') === path ? [inode] : [];
  });
}

/** A process that has one of these sockets: `gunicorn (pid 123)`; PID 1 only where no other has it. Null where nobody tells. */
export function holderOf(inodes: readonly string[]): string | null {
  const holds = (pid: string): boolean => openFiles(pid).some((file) => inodes.some((inode) => file === `socket:[${inode}]`));
  const found = readdirSync('/proc').filter((name) => /^\d+$/u.test(name)).filter(holds);
  const pid = found.find((one) => one !== '1') ?? found[0];
  return pid === undefined ? null : `${nameOf(pid)} (pid ${pid})`;
}

/** Whether somebody would answer at a path, or is too busy to. */
export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const client = connect({ path });
    client.once('connect', () => {
      client.destroy();
      resolve(true);
    });
    client.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}

/** Whether two paths lead to one file. */
export function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => lstatSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

function openFiles(pid: string): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((name) => linkOf(`${folder}/${name}`) ?? []);
  } catch {
    return []; // it has ended, or is not ours to look at
  }
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return 'a process';
  }
}
