import type { Budget } from './budget.js';

/**
 * starting: not ready yet. ready: takes requests. leaving: told to stop, finishes what it has. down: neither runs nor
 * is being started, or waits for systemd to restart it.
 */
export type Phase = 'starting' | 'ready' | 'leaving' | 'down';

export interface Worker {
  readonly generation: number;
  /** The instance: 1 to `processes`. */
  readonly index: number;
  readonly phase: Phase;
  /** When it became ready, in ms of the clock that `now` is of; meaningless in other phases. */
  readonly readySince: number;
  /** How it failed, in words, if its last run ended badly; null otherwise. */
  readonly failure: string | null;
}

export interface Target {
  /** The generation to be served at the end. */
  readonly generation: number;
  readonly processes: number;
  readonly budget: Budget;
  /** How long a worker must have been ready to count as available, in ms. */
  readonly settle: number;
  /** By when a started worker must be ready, in ms of `now`'s clock: systemd's own limit comes first. */
  readonly deadline: (index: number) => number;
}

export type Step =
  | { readonly kind: 'start'; readonly indexes: readonly number[] }
  | { readonly kind: 'retire'; readonly workers: readonly Worker[] }
  /** Nothing to do before `until` (ms), unless something changes. */
  | { readonly kind: 'wait'; readonly until: number; readonly for: string }
  | { readonly kind: 'commit' }
  | { readonly kind: 'fail'; readonly index: number; readonly reason: string };

const FOREVER = Number.POSITIVE_INFINITY;

/**
 * What a roll does next, up to its commit: one decision for one observation, from nothing else.
 *
 * The first new worker is the canary, and nothing else happens until it is available. Then new workers are started as
 * far as `processes + surge` goes, and old ones are retired only where a new one needs the room and
 * `processes - unavailable` stay available. With 4 processes:
 *
 *     surge 1, unavailable 0:    +1 -1 +1 -1 +1 -1 +1 commit -1
 *     surge 100 %:               +1 +3 commit -4
 *     surge 0, unavailable 1:    -1 +1 -1 +1 -1 +1 -1 +1 commit
 */
export function next(target: Target, workers: readonly Worker[], now: number): Step {
  const fresh = workers.filter((worker) => worker.generation === target.generation && worker.phase !== 'leaving');
  const old = workers.filter((worker) => worker.generation !== target.generation && worker.phase !== 'leaving');

  const failed = fresh.find((worker) => worker.failure !== null);
  if (failed !== undefined) return { kind: 'fail', index: failed.index, reason: failed.failure as string };
  const late = fresh.find((worker) => worker.phase !== 'ready' && now > target.deadline(worker.index));
  if (late !== undefined) return { kind: 'fail', index: late.index, reason: 'did not become ready in time' };

  const settled = (worker: Worker): boolean => worker.phase === 'ready' && now - worker.readySince >= target.settle;
  const freshAvailable = fresh.filter(settled).length;
  if (freshAvailable >= target.processes) return { kind: 'commit' };

  const oldReady = old.filter((worker) => worker.phase === 'ready').length;
  const room = target.processes + target.budget.surge - old.length - fresh.length;
  const spare = freshAvailable + oldReady - (target.processes - target.budget.unavailable);
  const canarySettles = fresh.length > 0 && freshAvailable === 0;
  const wanted = fresh.length === 0 ? 1 : target.processes - fresh.length;

  if (!canarySettles && wanted > 0) {
    const starts = Math.min(wanted, room);
    if (starts > 0) return { kind: 'start', indexes: freeIndexes(target, fresh, starts) };
    const leaving = retirable(old, spare).slice(0, wanted - Math.max(0, room));
    if (leaving.length > 0) return { kind: 'retire', workers: leaving };
  }
  return wait(target, fresh, now);
}

/** Whom to retire first: workers that serve nobody, which costs nothing, then as many ready ones as can be spared. */
function retirable(old: readonly Worker[], spare: number): Worker[] {
  const idle = old.filter((worker) => worker.phase !== 'ready');
  const ready = old.filter((worker) => worker.phase === 'ready');
  return [...idle, ...ready.slice(0, Math.max(0, spare))];
}

function freeIndexes(target: Target, fresh: readonly Worker[], count: number): number[] {
  const taken = new Set(fresh.map((worker) => worker.index));
  const all = Array.from({ length: target.processes }, (_, at) => at + 1);
  return all.filter((index) => !taken.has(index)).slice(0, count);
}

function wait(target: Target, fresh: readonly Worker[], now: number): Step {
  const starting = fresh.filter((worker) => worker.phase !== 'ready');
  if (starting.length > 0) {
    const until = Math.min(...starting.map((worker) => target.deadline(worker.index)));
    return { kind: 'wait', until, for: `worker ${list(starting)} to become ready` };
  }
  const settling = fresh.filter((worker) => now - worker.readySince < target.settle);
  if (settling.length > 0) {
    const until = Math.min(...settling.map((worker) => worker.readySince + target.settle));
    return { kind: 'wait', until, for: `worker ${list(settling)} to settle` };
  }
  return { kind: 'wait', until: FOREVER, for: 'a worker of the old generation to become ready' };
}

function list(workers: readonly Worker[]): string {
  return workers.map((worker) => worker.index).join(', ');
}
