import { appUnit, workersOf } from '../plan/names.js';
import type { Request } from '../plan/request.js';
import type { UnitState } from '../systemd/port.js';
import { askRoot } from './ask-root.js';
import { missingWorkers } from './lacking.js';
import type { Wire } from './wire.js';

/**
 * Has systemd queue what a request is for; returns the path of the job, or an empty string where there is none. Who is
 * not root asks root to do it. Throws UserError or Refused.
 */
export async function queue(wire: Wire, request: Request): Promise<string> {
  const { systemd } = wire;
  const unit = appUnit(request.app);
  if (wire.asksRoot) {
    await systemd.unit(unit); // from now on systemd tells us of the end of every job
    return askRoot(wire.places, request);
  }
  switch (request.verb) {
    case 'stop':
      return stop(wire, request.app);
    case 'rollback':
      return rollback(wire, request.app, request.generation);
    case 'start':
      return start(wire, request.app);
    case 'withdraw':
      wire.ledger(request.app).dropWish({ kind: 'rollback', to: request.generation });
      return '';
    default:
      return systemd[request.verb](unit);
  }
}

/** To systemd an app is started whose workers were stopped: a reload that makes no generation brings them up. */
async function start(wire: Wire, app: string): Promise<string> {
  if ((await missingWorkers(wire, app)).length === 0) return wire.systemd.start(appUnit(app));
  const wish = { kind: 'start' } as const;
  wire.ledger(app).wish(wish);
  try {
    return await wire.systemd.reload(appUnit(app));
  } catch (error) {
    wire.ledger(app).dropWish(wish);
    throw error;
  }
}

/** What systemd refuses must not come true at the next roll. */
async function rollback(wire: Wire, app: string, generation: number): Promise<string> {
  const { systemd } = wire;
  const wish = { kind: 'rollback', to: generation } as const;
  wire.ledger(app).wish(wish);
  try {
    return (await isRetrying(wire, await systemd.unit(appUnit(app)))) ? await systemd.start(appUnit(app)) : await systemd.reload(appUnit(app));
  } catch (error) {
    wire.ledger(app).dropWish(wish);
    throw error;
  }
}

/** What an earlier stop has left, a failed unit or workers, goes too. */
async function stop({ systemd }: Wire, app: string): Promise<string> {
  const { active } = await systemd.unit(appUnit(app));
  if (active === 'failed') await systemd.resetFailed(appUnit(app)).catch(() => {});
  const job = await systemd.stop(appUnit(app));
  if (active === 'failed' || active === 'inactive') {
    await systemd.stopAll((await systemd.list([workersOf(app)])).map(({ name }) => name));
  }
  return job;
}

/** Whether systemd is between two attempts to start an app: it calls the unit neither active nor stopped then. */
export async function isRetrying(wire: Wire, unit: UnitState): Promise<boolean> {
  const { unit: now, job } = await wire.systemd.withJob(unit);
  return now.active === 'activating' || (now.active === 'deactivating' && job?.type !== 'stop');
}
