import { appUnit, workersOf } from '../plan/names.js';
import type { Queued, Request, RollVerb } from '../plan/request.js';
import type { Wish } from '../roll/events.js';
import { BusLost, type UnitState } from '../systemd/port.js';
import { askRoot } from './ask-root.js';
import { missingWorkers } from './lacking.js';
import { monotonic, type Wire } from './wire.js';
import { insist } from './insist.js';

/** How long systemd may not answer, in ms. */
const PATIENCE = 60_000;

/** Has systemd queue what a request is for. Who is not root asks root to do it. Throws UserError or Refused. */
export async function queue(wire: Wire, request: Request): Promise<Queued> {
  if (wire.asksRoot) {
    await wire.systemd.unit(appUnit(request.app)); // from now on systemd tells us of the end of every job
    return askRoot(wire.places, request);
  }
  switch (request.verb) {
    case 'stop':
      return { job: await stop(wire, request.app), request: null };
    case 'rollback':
      return queueRoll(wire, request.app, 'reload', { kind: 'rollback', to: request.generation });
    case 'reload':
      return queueRoll(wire, request.app, 'reload', { kind: 'new' });
    case 'start':
      return start(wire, request.app);
    default:
      return queueRoll(wire, request.app, request.verb, null);
  }
}

/** To systemd an app is started whose workers were stopped: a reload that makes no generation brings them up. */
export async function start(wire: Wire, app: string): Promise<Queued> {
  const isLacking = (await missingWorkers(wire, app)).length > 0;
  return isLacking ? queueRoll(wire, app, 'reload', { kind: 'start' }) : queueRoll(wire, app, 'start', null);
}

/**
 * Has systemd run a roll, and leaves for it what it is to do: it belongs to the job, so that neither a roll that is under
 * way takes it, nor, if there never is a job or it is cancelled, a later one.
 */
export async function queueRoll(wire: Wire, app: string, verb: RollVerb, wish: Wish | null): Promise<Queued> {
  const requests = wire.requests(app);
  const request = requests.add(wish);
  try {
    const job = await insist(() => queueJob(wire, app, verb, wish), PATIENCE);
    requests.queued(request, wish, job, monotonic());
    return { job, request };
  } catch (error) {
    requests.drop(request);
    throw error;
  }
}

/** A job whose path got lost is that which the unit has by then. Asked for twice, a roll would be followed by another. */
async function queueJob(wire: Wire, app: string, verb: RollVerb, wish: Wish | null): Promise<string> {
  const { systemd } = wire;
  const unit = await systemd.unit(appUnit(app));
  try {
    return await systemd[await fittingVerb(wire, unit, verb, wish)](appUnit(app));
  } catch (error) {
    if (!(error instanceof BusLost)) throw error;
    const { job } = await insist(() => systemd.unit(appUnit(app)), PATIENCE);
    if (job === null) throw error;
    return job;
  }
}

/**
 * systemd drops a reload of an app that it is starting, and takes a start of one that runs for done: it is asked for what
 * can be done. A start that is under way is waited for that way.
 */
async function fittingVerb(wire: Wire, unit: UnitState, verb: RollVerb, wish: Wish | null): Promise<RollVerb> {
  if (verb === 'restart') return verb;
  if (await isRetrying(wire, unit)) return 'start';
  return (unit.active === 'active' || unit.active === 'reloading') && wish !== null ? 'reload' : verb;
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

/** Whether systemd starts an app, or is between two attempts to: it calls the unit neither active nor stopped then. */
export async function isRetrying(wire: Wire, unit: UnitState): Promise<boolean> {
  const { unit: now, job } = await wire.systemd.withJob(unit);
  return now.active === 'activating' || (now.active === 'deactivating' && job?.type !== 'stop');
}
