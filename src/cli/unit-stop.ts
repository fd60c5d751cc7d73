import { readdirSync } from 'node:fs';
import { EXIT, type ExitCode } from '../errors.js';
import { ifTaken, removeIfThere } from '../host/files.js';
import { ALL_APPS, ALL_SOCKETS, ALL_WORKERS, appOf, FRONT, socketUnit, TARGET, workersOf } from '../plan/names.js';
import { Reaper } from '../roll/reaper.js';
import type { UnitState } from '../systemd/port.js';
import { insist } from './insist.js';
import { close, closeSocket, isStuck } from './unit-close.js';
import { failedMark } from './unit-roll.js';
import { say } from './report.js';
import { monotonic, type Wire } from './wire.js';

/** To whoever asked for it: whether the app was stopped, or the start was killed and systemd tries again, it is not done. */
const CUT_OFF = 'it was cut off, and all workers were stopped';

/** ExecStopPost= of an app: returns when none of its workers is left. */
export async function appStopped(wire: Wire, app: string): Promise<ExitCode> {
  await insist(async () => {
    await close(wire, app);
    await drained(wire, workersOf(app), socketUnit(app));
    await close(wire, app);
  });
  removeIfThere(failedMark(wire, app));
  ifTaken(() => wire.ledger(app).endUnfinished({ at: Date.now(), kind: 'end', outcome: 'stopped', exit: EXIT.cannot, text: CUT_OFF }));
  return EXIT.done;
}

/** ExecStop= of the drain unit: the target is being stopped; returns when no worker of any app is left. */
export async function drainAll(wire: Wire): Promise<ExitCode> {
  await insist(async () => {
    // At a shutdown the proxies go first, and what they have let in still gets through to the workers.
    const { job: front } = await wire.systemd.withJob(await wire.systemd.unit(FRONT));
    const sockets = (await wire.systemd.list([ALL_SOCKETS])).filter(({ active }) => active !== 'inactive' && active !== 'failed');
    if (front?.type !== 'stop') await Promise.all(sockets.map((socket) => closeSocket(wire, socket)));
    const workers = await wire.systemd.list([ALL_WORKERS]);
    await wire.systemd.stopAll([...sockets, ...workers].map((unit) => unit.name));
    await drained(wire, ALL_WORKERS, ALL_SOCKETS);
  });
  return EXIT.done;
}

/**
 * Stops all workers that match and waits until they are gone; `sockets` are those that are theirs. What appears
 * meanwhile is stopped too, and what does not end in its time is killed. Returns the units that not even that ends.
 */
export async function drained(wire: Wire, workers: string, sockets: string): Promise<readonly string[]> {
  const { systemd } = wire;
  const reaper = new Reaper(systemd, monotonic, say);
  for (;;) {
    const standing = (await systemd.list([workers])).filter((unit) => unit.active !== 'inactive' && unit.active !== 'failed');
    const left = await reaper.sweep(standing);
    const stuck = await stuckOf(wire, sockets);
    for (const socket of stuck) await closeSocket(wire, socket);
    if (left.length === 0 && stuck.length === 0) return standing.map(({ name }) => name);
    const seen = await Promise.all(left.map((unit) => systemd.withJob(unit)));
    const fresh = seen.flatMap(({ unit, job }) => (job?.type === 'stop' || unit.active === 'deactivating' ? [] : [unit]));
    if (fresh.length > 0) await systemd.stopAll(fresh.map((unit) => unit.name));
    else await systemd.change(1000);
  }
}

async function stuckOf(wire: Wire, pattern: string): Promise<UnitState[]> {
  const sockets = await wire.systemd.list([pattern]);
  const stuck = await Promise.all(sockets.map((socket) => isStuck(wire, socket)));
  return sockets.filter((_, at) => stuck[at]);
}

/**
 * ExecReload= of the verdict unit, which a reload of the target reaches when all apps are through: if one failed, the
 * target's own job is cancelled, since systemd reports only that job to whoever asked.
 */
export async function verdict(wire: Wire): Promise<ExitCode> {
  // A reload that could not be begun at all has left no mark.
  const broken = (await wire.systemd.list([ALL_APPS])).filter(({ active, reloadResult }) => active === 'active' && reloadResult !== 'success');
  const failed = [...new Set([...marks(`${wire.places.runtime}/failed`), ...broken.map(({ name }) => appOf(name))])].sort();
  if (failed.length === 0) return EXIT.done;
  say(`the reload of ${failed.join(', ')} failed: wsgictl status`);
  const { job } = await wire.systemd.withJob(await wire.systemd.unit(TARGET));
  if (job !== null) await wire.systemd.cancel(job.path);
  return EXIT.cannot;
}

function marks(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
