import { isAvailable, isComing, wait, type Step, type Target, type Worker } from './next.js';

export interface Committed extends Target {
  /** How many workers of this generation have served before. */
  readonly proven: number;
}

/**
 * What the start of a committed generation does next. It has served before, so there is no canary: all workers are
 * started at once, and those that fail are left to systemd to try again, as long as one serves. Workers that are more than
 * there were before must all prove themselves.
 */
export function bringUp(target: Committed, workers: readonly Worker[], now: number): Step {
  // Workers beyond `processes` are none of its business: they leave after the commit.
  const own = workers.filter((worker) => worker.generation === target.generation && worker.index <= target.processes);
  // One that drains is there: its index can only be started when it is gone.
  const present = new Set(own.map((worker) => worker.index));
  const missing = Array.from({ length: target.processes }, (_, at) => at + 1).filter((index) => !present.has(index));
  if (missing.length > 0) return { kind: 'start', indexes: missing };

  const available = own.filter((worker) => isAvailable(target, worker, now));
  const failing = own.filter((worker) => !available.includes(worker) && isFailing(target, worker, now));
  if (available.length + failing.length < own.length) {
    return wait(target, own.filter((worker) => !failing.includes(worker)), now);
  }
  const [first] = available.length > 0 ? failing.filter((worker) => worker.index > target.proven) : failing;
  if (first === undefined) return { kind: 'commit' };
  return { kind: 'fail', index: first.index, reason: first.failure ?? reasonOf(first) };
}

/** Once is enough: a worker that dies and comes back, over and over, would be neither up nor down for ever. */
function isFailing(target: Target, worker: Worker, now: number): boolean {
  if (worker.failure !== null) return true;
  if (worker.phase === 'leaving') return false;
  return (worker.restarts ?? 0) > 0 || (isComing(worker) && now >= target.deadline(worker.index));
}

function reasonOf(worker: Worker): string {
  return (worker.restarts ?? 0) > 0 ? 'ends again and again' : 'did not become ready in time';
}
