import { appUnit, socketUnit, workersOf } from '../plan/names.js';
import type { Wire } from './wire.js';

/**
 * If the app is being stopped, not restarted: stops its socket and workers in one go. The socket alone would be pulled
 * up again by the next worker that systemd restarts; the workers alone leave clients that start the app again, which
 * undoes the stop.
 */
export async function close(wire: Wire, app: string): Promise<void> {
  const unit = await wire.systemd.unit(appUnit(app));
  const job = await wire.systemd.job(unit);
  if (job?.type !== 'stop') return;
  const socket = await wire.systemd.unit(socketUnit(app));
  if ((await wire.systemd.job(socket))?.type === 'stop' || socket.active === 'inactive') return;
  const workers = await wire.systemd.list([workersOf(app)]);
  await wire.systemd.stopAll([...workers.map(({ name }) => name), socket.name]);
}
