import { readdirSync } from 'node:fs';
import { EXIT, type ExitCode } from '../errors.js';
import { removeIfThere } from '../host/files.js';
import { ALL_SOCKETS, ALL_WORKERS, TARGET, workersOf } from '../plan/names.js';
import { BusLost } from '../systemd/port.js';
import { close } from './unit-close.js';
import { failedMark } from './unit-roll.js';
import { say } from './report.js';
import type { Wire } from './wire.js';

/** ExecStopPost= of an app: returns when none of its workers is left. */
export async function appStopped(wire: Wire, app: string): Promise<ExitCode> {
  await insist(async () => {
    await close(wire, app);
    await drained(wire, workersOf(app));
    await close(wire, app);
  });
  removeIfThere(failedMark(wire, app));
  wire.ledger(app).endUnfinished({ at: Date.now(), kind: 'end', outcome: 'stopped', exit: EXIT.done, text: 'the app was stopped' });
  return EXIT.done;
}

/** ExecStop= of the drain unit: the target is being stopped; returns when no worker of any app is left. */
export async function drainAll(wire: Wire): Promise<ExitCode> {
  await insist(async () => {
    const sockets = (await wire.systemd.list([ALL_SOCKETS])).filter(({ active }) => active !== 'inactive' && active !== 'failed');
    const workers = await wire.systemd.list([ALL_WORKERS]);
    await wire.systemd.stopAll([...sockets, ...workers].map((unit) => unit.name));
    await drained(wire, ALL_WORKERS);
  });
  return EXIT.done;
}

/** Stops whatever matches and waits until it is gone. What appears meanwhile is stopped too. */
async function drained(wire: Wire, pattern: string): Promise<void> {
  for (;;) {
    const left = (await wire.systemd.list([pattern])).filter((unit) => unit.active !== 'inactive' && unit.active !== 'failed');
    if (left.length === 0) return;
    const asked = await Promise.all(left.map(async (unit) => (await wire.systemd.job(unit))?.type === 'stop' || unit.active === 'deactivating'));
    const fresh = left.filter((_, at) => !asked[at]);
    if (fresh.length > 0) await wire.systemd.stopAll(fresh.map((unit) => unit.name));
    else await wire.systemd.change(1000);
  }
}

/** At a shutdown the connection may be replaced under us; what must be done is done again. */
async function insist(action: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof BusLost)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/**
 * ExecReload= of the verdict unit, which a reload of the target reaches when all apps are through: if one failed, the
 * target's own job is cancelled, since systemd reports only that job to whoever asked.
 */
export async function verdict(wire: Wire): Promise<ExitCode> {
  const failed = marks(`${wire.places.runtime}/failed`);
  if (failed.length === 0) return EXIT.done;
  say(`the reload of ${failed.join(', ')} failed: wsgictl status`);
  const job = await wire.systemd.job(await wire.systemd.unit(TARGET));
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
