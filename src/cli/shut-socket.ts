import { UserError } from '../errors.js';
import { unheld } from '../host/listening.js';
import { appUnit, socketUnit } from '../plan/names.js';
import type { UnitState } from '../systemd/port.js';
import { closeSocket, refuses } from './unit-close.js';
import { say } from './report.js';
import type { Wire } from './wire.js';

/**
 * Whether an app that runs, and is not being stopped, needs another socket: since nobody can connect to it, or systemd has
 * none to give to a new worker. Every worker has its socket and can shut it down (shutdown(2)), for all generations: no new
 * worker mends that. If its workers notice, systemd has given the socket up. If they do not, only a connection can tell. A
 * file is all that is tried: other addresses may be another network's.
 */
export async function isShut(wire: Wire, app: string): Promise<boolean> {
  const unit = await wire.systemd.unit(appUnit(app));
  if (unit.active !== 'active' || unit.job !== null) return false;
  const socket = await wire.systemd.unit(socketUnit(app));
  if (socket.active !== 'active' || isLost(wire, socket)) return true;
  return (await Promise.all(socket.listen.filter((address) => address.startsWith('/')).map(refuses))).includes(true);
}

/**
 * Whether systemd calls a socket active that it does not hold, or not where the unit says. A daemon-reload does that where
 * the unit names other addresses by then (`systemctl edit`, a mask): what it does not name is closed, and what it names is
 * opened by a restart only. Workers that run keep what they have; those that are started get nothing.
 */
export function isLost(wire: Wire, { active, load, listen }: UnitState): boolean {
  return active === 'active' && (load === 'masked' || unheld(listen, wire.places.mode === 'system' ? 1 : null).length > 0);
}

/** What a restart of the app then needs, to open the socket anew: systemd's own would keep the one that it has. Throws UserError. */
export async function giveUpSocket(wire: Wire, app: string): Promise<void> {
  const socket = await wire.systemd.unit(socketUnit(app));
  if (socket.load === 'masked') throw new UserError(`cannot open the socket of ${app}: its unit is masked`, `systemctl unmask ${socketUnit(app)}`);
  say(`${app}: ${isLost(wire, socket) ? 'systemd has lost its socket' : 'nobody can connect to its socket'}; the app restarts, with a new one`);
  await closeSocket(wire, socket);
}
