import { createHash } from 'node:crypto';
import type { AppConfig } from '../config/settings.js';
import { rootPart } from '../host/root-part.js';
import { frontOf } from '../proxy/app-front.js';
import type { Front } from '../proxy/front.js';
import type { Wire } from './wire.js';

const FILE = 'proxy';
const PROXIES = ['nginx', 'apache'] as const;
export type Proxy = (typeof PROXIES)[number];

/** What a proxy needs to know of an app of this machine, or of another root. */
export function frontIn(wire: Wire, config: AppConfig): Front {
  const { root, state } = wire.places;
  return frontOf(config, { address: wire.usualAddress(config.name), stateDirectory: state, trusted: (path) => rootPart(path, root) });
}

/**
 * Remembers what was printed for an app: what stands in the proxy's configuration does not change by itself. Nothing is
 * kept of an app that was never applied.
 */
export function rememberPrinted(wire: Wire, proxy: Proxy, front: Front): void {
  if (wire.state.stat(front.title) === undefined) return;
  const kept = read(wire, front.title).filter(([name]) => name !== proxy);
  wire.state.write(`${front.title}/${FILE}`, [...kept, [proxy, digest(front)]].map((one) => `${one.join(' ')}\n`).join(''));
}

/** That what was printed is no longer what a proxy needs, with the command; null if it is, or nothing was printed. */
export function outdated(wire: Wire, config: AppConfig): string | null {
  const printed = read(wire, config.name);
  if (printed.length === 0) return null;
  const now = digest(frontIn(wire, config));
  const old = printed.filter(([, before]) => before !== now).map(([proxy]) => `wsgictl proxy ${proxy} ${config.name}`);
  return old.length === 0 ? null : `its proxy needs other directives than were printed: ${old.join(', ')}`;
}

function read(wire: Wire, app: string): string[][] {
  const lines = (wire.state.read(`${app}/${FILE}`) ?? '').split('\n').map((line) => line.split(' '));
  return lines.filter(([proxy]) => PROXIES.some((one) => one === proxy));
}

function digest(front: Front): string {
  return createHash('sha256').update(JSON.stringify(front)).digest('hex');
}
