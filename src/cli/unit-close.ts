import { connect } from 'node:net';
import { appUnit, socketUnit, workersOf } from '../plan/names.js';
import { Refused, type UnitState } from '../systemd/port.js';
import type { Wire } from './wire.js';

/**
 * If the app is being stopped, not restarted: closes its socket and stops its workers. The workers alone would leave
 * clients that start the app again, which undoes the stop.
 */
export async function close(wire: Wire, app: string): Promise<void> {
  const { job } = await wire.systemd.withJob(await wire.systemd.unit(appUnit(app)));
  if (job?.type !== 'stop') return;
  const socket = await wire.systemd.unit(socketUnit(app));
  if (socket.active === 'inactive') return;
  await closeSocket(wire, socket);
  const workers = await wire.systemd.list([workersOf(app)]);
  await wire.systemd.stopAll(workers.map(({ name }) => name));
}

/**
 * Closes a socket at once. In its order, after the workers, systemd would listen again when the first of them has ended,
 * and what an app has done to its socket meanwhile is then systemd's trouble (see `isStuck`).
 */
export async function closeSocket(wire: Wire, socket: UnitState): Promise<void> {
  const { systemd } = wire;
  const job = await systemd.stop(socket.name, 'ignore-dependencies');
  if (!(await isStuck(wire, socket))) return;
  await new Promise((resolve) => setTimeout(resolve, 200));
  if (!(await isStuck(wire, await systemd.unit(socket.name)))) return;
  // It comes to no job. Without this one it tries to start the app instead, and that ends it.
  await systemd.cancel(job).catch(unlessOver);
  await systemd.stop(socket.name, 'ignore-dependencies');
}

/**
 * Whether systemd may be doing nothing else any more. Whoever has a socket can shut it down for reading (shutdown(2)),
 * for all who have it: then it is readable for ever. systemd 252, while it listens and is to stop listening later,
 * looks at it again and again, at 100 % of a CPU, and comes to no job: no stop would ever end, not even a shutdown's.
 */
export async function isStuck(wire: Wire, socket: UnitState): Promise<boolean> {
  const { unit, job } = await wire.systemd.withJob(socket);
  if (unit.sub !== 'listening' || job?.type !== 'stop') return false;
  // At a shutdown a sound one waits too: for its app, which is there until the proxies are through.
  const paths = unit.listen.filter((address) => address.startsWith('/'));
  return paths.length < unit.listen.length || (await Promise.all(paths.map(refuses))).includes(true);
}

/** An account that may not connect does not know. */
export function refuses(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const client = connect(path);
    const end = (refused: boolean): void => {
      client.destroy();
      resolve(refused);
    };
    client.setTimeout(1000, () => end(false));
    client.once('connect', () => end(false));
    client.once('error', ({ code }: NodeJS.ErrnoException) => end(code === 'ECONNREFUSED' || code === 'ENOENT'));
  });
}

function unlessOver(error: unknown): void {
  if (!(error instanceof Refused)) throw error;
}
