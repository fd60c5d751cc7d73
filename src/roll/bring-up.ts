import type { Step, Target, Worker } from './next.js';

/**
 * What the start of a committed generation does next. It has served before, so there is no canary: all workers are
 * started at once, and those that fail are left to systemd to try again, as long as one serves.
 */
export function bringUp(target: Target, workers: readonly Worker[], now: number): Step {
  const own = workers.filter((worker) => worker.generation === target.generation && worker.phase !== 'leaving');
  const present = new Set(own.map((worker) => worker.index));
  const missing = Array.from({ length: target.processes }, (_, at) => at + 1).filter((index) => !present.has(index));
  if (missing.length > 0) return { kind: 'start', indexes: missing };

  const available = own.filter((worker) => worker.phase === 'ready' && now - worker.readySince >= target.settle);
  const failing = own.filter((worker) => worker.failure !== null || (worker.phase !== 'ready' && now > target.deadline(worker.index)));
  if (available.length + failing.length === own.length) {
    const first = failing[0];
    if (available.length > 0 || first === undefined) return { kind: 'commit' };
    return { kind: 'fail', index: first.index, reason: first.failure ?? 'did not become ready in time' };
  }
  const settling = own.filter((worker) => worker.phase === 'ready' && !available.includes(worker));
  const until = Math.min(...settling.map((worker) => worker.readySince + target.settle), now + 5000);
  const what = own.filter((worker) => !available.includes(worker)).map((worker) => worker.index);
  return { kind: 'wait', until, for: `worker ${what.join(', ')} to become ready` };
}
