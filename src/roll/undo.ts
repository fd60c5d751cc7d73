import type { Budget } from './budget.js';
import { isAvailable, type Worker } from './next.js';

export interface Undo {
  /** The generation that failed. */
  readonly generation: number;
  /** What served before the roll; null at a first start. */
  readonly previous: { readonly generation: number; readonly processes: number } | null;
  /** For how long a new worker accepts no connection after it became ready, in ms. */
  readonly settle: number;
  /** The roll's own budget; without it, all old workers come back at once. */
  readonly budget?: Budget;
  /** The old workers that the roll retired and that must serve again. */
  readonly retired: ReadonlySet<number>;
  /** When to give up on those that were started again, in ms of `now`'s clock. One that still drains is waited for. */
  readonly deadline: number;
}

/** How often systemd may have to restart an old worker that served before, until it counts as lost. */
const TRIES = 2;

export type UndoStep =
  | { readonly kind: 'stop'; readonly workers: readonly Worker[] }
  | { readonly kind: 'restore'; readonly indexes: readonly number[] }
  | { readonly kind: 'wait'; readonly until: number; readonly for: string }
  | { readonly kind: 'restored' }
  | { readonly kind: 'lost'; readonly index: number; readonly reason: string };

/**
 * What a roll that failed before its commit does next: the roll backwards, within the same budget. New workers that
 * serve nobody yet are stopped at once; the others go on serving until old ones have taken their place. Old workers that were
 * in trouble before the roll are not waited for. With 4 processes, the third new worker failed, "x" being that one:
 *
 *     surge 1, unavailable 0:    -x +1 -1 +1 -1 restored
 *     surge 100 %:               -x -3 restored
 */
export function undo(target: Undo, workers: readonly Worker[], now: number): UndoStep {
  const { previous } = target;
  const processes = previous?.processes ?? 0;
  // What a roll that was cut off has left is no better than what failed now.
  const failed = workers.filter((worker) => worker.generation !== previous?.generation);
  const serving = failed.filter((worker) => isAvailable(target, worker, now));
  const old = workers.filter((worker) => worker.generation === previous?.generation);
  const standing = old.filter((worker) => worker.phase !== 'leaving');

  const useless = [
    ...failed.filter((worker) => !serving.includes(worker) && worker.phase !== 'leaving'),
    ...standing.filter((worker) => worker.index > processes),
  ];
  if (useless.length > 0) return { kind: 'stop', workers: useless };

  // One that drains can only be started when it is gone: its index counts as missing then.
  const present = new Set(old.map((worker) => worker.index));
  const missing = Array.from({ length: processes }, (_, at) => at + 1).filter((index) => !present.has(index));
  const room = processes + (target.budget?.surge ?? Infinity) - standing.length - serving.length;
  if (missing.length > 0 && room > 0) return { kind: 'restore', indexes: missing.slice(0, room) };

  const awaited = old.filter((worker) => target.retired.has(worker.index) && worker.phase !== 'ready');
  const broken = awaited.filter((worker) => isBroken(worker) || (worker.phase !== 'leaving' && now >= target.deadline));
  const coming = awaited.filter((worker) => !broken.includes(worker));
  if (serving.length > 0) {
    const surplus = standing.filter((worker) => worker.phase === 'ready').length + serving.length - processes + (target.budget?.unavailable ?? 0);
    const count = coming.length > 0 ? surplus : missing.length > 0 ? Math.max(1, surplus) : serving.length;
    if (count > 0) return { kind: 'stop', workers: serving.slice(0, count) };
  }
  if (coming.length > 0) {
    const which = coming.map((worker) => worker.index).join(', ');
    const until = coming.some((worker) => worker.phase !== 'leaving') ? target.deadline : Infinity;
    return { kind: 'wait', until, for: `worker ${which} of generation ${previous?.generation}` };
  }
  if (failed.length > 0) return { kind: 'wait', until: Infinity, for: `generation ${target.generation} to be gone` };
  const [lost] = broken;
  if (lost !== undefined) return { kind: 'lost', index: lost.index, reason: lost.failure ?? 'did not become ready in time' };
  return { kind: 'restored' };
}

function isBroken({ failure, restarts = TRIES }: Worker): boolean {
  return failure !== null && restarts >= TRIES;
}
