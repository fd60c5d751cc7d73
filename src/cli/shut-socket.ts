import { appUnit, socketUnit } from '../plan/names.js';
import { closeSocket, refuses } from './unit-close.js';
import { say } from './report.js';
import type { Wire } from './wire.js';

/**
 * Whether nobody can connect to an app that runs, and is not being stopped. Every worker has its socket and can shut it
 * down (shutdown(2)), for all generations: no new worker mends that. If its workers notice, systemd has given the socket
 * up. If they do not, only a connection can tell. A file is all that is tried: other addresses may be another network's.
 */
export async function isShut(wire: Wire, app: string): Promise<boolean> {
  const unit = await wire.systemd.unit(appUnit(app));
  if (unit.active !== 'active' || unit.job !== null) return false;
  const { active, listen } = await wire.systemd.unit(socketUnit(app));
  if (active !== 'active') return true;
  return (await Promise.all(listen.filter((address) => address.startsWith('/')).map(refuses))).includes(true);
}

/** What a restart of the app then needs, to open the socket anew: systemd's own would keep the one that it has. */
export async function giveUpSocket(wire: Wire, app: string): Promise<void> {
  say(`${app}: nobody can connect to its socket; the app restarts, with a new one`);
  await closeSocket(wire, await wire.systemd.unit(socketUnit(app)));
}
