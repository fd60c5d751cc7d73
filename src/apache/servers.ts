import type { Directive } from './directive.js';
import type { Place } from './place.js';

/** The main server, or one virtual host. */
export interface Server {
  readonly isMain: boolean;
  /** ServerName, in lower case. */
  readonly name: string | null;
  readonly aliases: readonly string[];
  /** What it listens on: `*:80`. */
  readonly addresses: readonly string[];
  readonly place: Place | null;
  readonly directives: readonly Directive[];
}

/** The main server is the first. */
export function serversOf(tree: readonly Directive[]): readonly [Server, ...Server[]] {
  const hosts = tree.filter(({ name, isSection }) => isSection && name === 'virtualhost');
  const main = serverOf(tree.filter((one) => !hosts.includes(one)), null, []);
  return [main, ...hosts.map((host) => serverOf(host.children ?? [], host.place, host.words))];
}

function serverOf(directives: readonly Directive[], place: Place | null, addresses: readonly string[]): Server {
  const words = (name: string): readonly string[] => directives.filter((one) => one.name === name).flatMap((one) => one.words);
  // A scheme and a port may stand around it.
  const name = words('servername').at(-1)?.toLowerCase().replace(/^\w+:\/\//u, '').replace(/:\d+$/u, '') ?? null;
  return { isMain: place === null, name, aliases: words('serveralias'), addresses, place, directives };
}

/** As people tell virtual hosts apart: `shop.example:443`. */
export function showServer({ isMain, name, addresses }: Server): string {
  if (isMain) return name === null ? 'the main server' : `${name} (the main server)`;
  const ports = [...new Set(addresses.map((address) => /:(\d+|\*)$/u.exec(address)?.[1] ?? '*'))].filter((port) => port !== '*');
  return `${name ?? addresses.join(' ')}${name === null || ports.length === 0 ? '' : `:${ports.join(',')}`}`;
}
