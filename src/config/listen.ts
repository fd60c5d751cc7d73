import { BadValue } from './fault.js';
import { bytes, readPath } from './path.js';

export type Listen =
  | { readonly kind: 'unix'; readonly path: string }
  /** An IPv6 host stands without brackets. */
  | { readonly kind: 'inet'; readonly host: string; readonly port: number }
  /** Written with a leading `@`, which the name does not hold. */
  | { readonly kind: 'abstract'; readonly name: string };

/** What fits into the kernel's sun_path, with the byte that ends or begins it. */
const LONGEST = 107;

/** `/run/shop.sock`, `127.0.0.1:8000`, `[::1]:8000` or `@name`. */
export function readListen(text: string): Listen {
  // systemd makes /run of /var/run, whatever that is: systemd.socket(5) has it of its own accord.
  if (text.startsWith('/')) return { kind: 'unix', path: fitting(readPath(text)).replace(/^\/var\/run\//u, '/run/') };
  if (text.startsWith('@')) return { kind: 'abstract', name: fitting(readName(text)).slice(1) };
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d{1,5})$/u.exec(text);
  if (found === null) throw new BadValue('is not an address to listen on', hint(text));
  const host = found[1] === undefined ? ipv4(found[2] ?? '') : ipv6(found[1]);
  const port = Number(found[3]);
  if (host === null) throw new BadValue('is not an IP address with a port', hint(text));
  if (port < 1 || port > 65_535) throw new BadValue('has a port outside of 1 to 65535');
  return { kind: 'inet', host, port };
}

/** As systemd's ListenStream= writes it; two listens are the same address if this is the same. */
export function showListen(listen: Listen): string {
  if (listen.kind === 'unix') return listen.path;
  if (listen.kind === 'abstract') return `@${listen.name}`;
  return listen.host.includes(':') ? `[${listen.host}]:${listen.port}` : `${listen.host}:${listen.port}`;
}

/**
 * Whether two addresses are one, or cannot both be listened on: a path, a name and a port are one's alone, an address of
 * all has every other one of its port, and `[::]` those of IPv4 too.
 */
export function overlap(one: Listen, other: Listen): boolean {
  if (one.kind !== 'inet' || other.kind !== 'inet') return showListen(one) === showListen(other);
  if (one.port !== other.port) return false;
  const [a, b] = [plain(one.host), plain(other.host)];
  if (a === b || a === '::' || b === '::') return true;
  return (a === ANY || b === ANY) && !a.includes(':') && !b.includes(':');
}

/** Whether two are `0.0.0.0` and `[::]` of one port, which go together where the second one is for IPv6 alone. */
export function isBoth(one: Listen, other: Listen): boolean {
  if (one.kind !== 'inet' || other.kind !== 'inet' || one.port !== other.port) return false;
  return [one.host, other.host].sort().join() === `${ANY},::`;
}

/** Whether an address is one that the machine gets from its network, which may come later than its sockets. */
export function isOfNetwork(listen: Listen): boolean {
  if (listen.kind !== 'inet') return false;
  const host = plain(listen.host);
  return host !== ANY && host !== '::' && host !== '::1' && !/^127\./u.test(host);
}

const ANY = '0.0.0.0';

/** An IPv4 address that is written as one of IPv6, as what it is. */
function plain(host: string): string {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/u.exec(host) ?? [];
  if (high === undefined || low === undefined) return host;
  const bits = (parseInt(high, 16) << 16) | parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

function fitting(path: string): string {
  if (bytes(path) > LONGEST) throw new BadValue(`is longer than ${LONGEST} bytes, more than a socket's path can be`);
  if (path === '/') throw new BadValue('is not the path of a socket');
  return path;
}

function readName(text: string): string {
  if (!/^@[A-Za-z0-9_./-]+$/u.test(text)) throw new BadValue("has more than letters, digits and _ . / - after '@'");
  return text;
}

function ipv4(text: string): string | null {
  const parts = text.split('.');
  const fine = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/u.test(part) && Number(part) <= 255);
  return fine ? text : null;
}

/** In the short form that all ways to write an address have in common. */
function ipv6(text: string): string | null {
  try {
    return new URL(`http://[${text}]/`).hostname.slice(1, -1);
  } catch {
    return null;
  }
}

function hint(text: string): string {
  const port = /:(\d{1,5})$/u.exec(text)?.[1] ?? (/^\d{1,5}$/u.test(text) ? text : undefined);
  if (text.startsWith('unix:')) return `write the path alone: ${text.slice('unix:'.length)}`;
  if (/^(localhost:)/u.test(text)) return `write 127.0.0.1:${port} or [::1]:${port}`;
  if (/^(\*:)?\d{1,5}$/u.test(text)) return `for all addresses write 0.0.0.0:${port} or [::]:${port}`;
  return 'such as /run/shop.sock, 127.0.0.1:8000 or [::1]:8000';
}
