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
  /** What it said of that failure itself; absent where it said nothing. */
  readonly said?: string;
  /** How often systemd has restarted it by itself since somebody started it; absent where nobody knows. */
  readonly restarts?: number;
  /** When it was first seen available in this roll, whatever it does now. */
  readonly provenSince?: number;
}

export interface Target {
  /** The generation to be served at the end. */
  readonly generation: number;
  readonly processes: number;
  readonly budget: Budget;
  /** How long a worker must have been ready to count as available, in ms. */
  readonly settle: number;
  /** For how long workers that have all been available are waited for to be so at once, in ms. */
  readonly patience: number;
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
 *
 * Where there are more old workers than `processes`, the surge comes on top of them: the canary must prove itself while
 * all of them serve. From 8 to 3 processes:
 *
 *     surge 1, unavailable 0:    +1 -6 +1 -1 +1 commit -1
 *     surge 100 %:               +1 +2 commit -8
 *     surge 0, unavailable 1:    -6 +1 -1 +1 -1 +1 commit
 */
export function next(target: Target, workers: readonly Worker[], now: number): Step {
  // One that leaves without our doing (max-requests) is restarted by systemd: its place is taken.
  const fresh = workers.filter((worker) => worker.generation === target.generation);
  const old = workers.filter((worker) => worker.generation !== target.generation && worker.phase !== 'leaving');

  const failed = fresh.find((worker) => worker.failure !== null);
  if (failed !== undefined) return { kind: 'fail', index: failed.index, reason: failed.failure as string };
  const late = fresh.find((worker) => isComing(worker) && now >= target.deadline(worker.index));
  if (late !== undefined) return { kind: 'fail', index: late.index, reason: 'did not become ready in time' };

  const { processes, budget } = target;
  const available = fresh.filter((worker) => isAvailable(target, worker, now)).length;
  if (available >= processes) return { kind: 'commit' };
  // Where workers leave for max-requests all the time, they may never be there all at once.
  const proven = fresh.flatMap(({ provenSince }) => provenSince ?? []);
  if (proven.length >= processes && available > 0 && now >= Math.max(...proven) + target.patience) return { kind: 'commit' };

  const canarySettles = fresh.length > 0 && available + proven.length === 0;
  const wanted = fresh.length === 0 ? 1 : processes - fresh.length;
  if (!canarySettles && wanted > 0) {
    const running = old.length + fresh.length;
    const starts = Math.min(wanted, Math.max(processes, old.length) + budget.surge - running);
    if (starts > 0) return { kind: 'start', indexes: freeIndexes(target, fresh, starts) };
    const oldReady = old.filter((worker) => worker.phase === 'ready').length;
    const spare = available + oldReady - (processes - budget.unavailable);
    const inTheWay = running + wanted - (processes + budget.surge);
    const leaving = retirable(old, spare).slice(0, inTheWay);
    if (leaving.length > 0) return { kind: 'retire', workers: leaving };
  }
  return wait(target, fresh, now);
}

/** Ready for as long as it takes to be believed: since then, it accepts connections. */
export function isAvailable(target: Pick<Target, 'settle'>, worker: Worker, now: number): boolean {
  return worker.phase === 'ready' && now - worker.readySince >= target.settle;
}

/** The workers, with those marked that have been available in this roll; `proven` remembers since when, by index. */
export function withProven(target: Target, workers: readonly Worker[], now: number, proven: Map<number, number>): Worker[] {
  return workers.map((worker) => {
    if (worker.generation !== target.generation) return worker;
    if (isAvailable(target, worker, now) && !proven.has(worker.index)) proven.set(worker.index, now);
    const provenSince = proven.get(worker.index);
    return provenSince === undefined ? worker : { ...worker, provenSince };
  });
}

/** On its way to become ready. */
export function isComing(worker: Worker): boolean {
  return worker.phase === 'starting' || worker.phase === 'down';
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

/** Waits for whatever of a generation is not available yet. */
export function wait(target: Target, fresh: readonly Worker[], now: number): Step {
  const coming = fresh.filter(isComing);
  const settling = fresh.filter((worker) => worker.phase === 'ready' && !isAvailable(target, worker, now));
  const leaving = fresh.filter((worker) => worker.phase === 'leaving');
  const until = Math.min(
    FOREVER,
    ...coming.map((worker) => target.deadline(worker.index)),
    ...settling.map((worker) => worker.readySince + target.settle),
  );
  if (coming.length > 0) return { kind: 'wait', until, for: `${list(coming)} to become ready` };
  if (settling.length > 0) return { kind: 'wait', until, for: `${list(settling)} to settle` };
  if (leaving.length > 0) return { kind: 'wait', until, for: `${list(leaving)} to finish and come back` };
  return { kind: 'wait', until, for: 'a worker of the old generation to become ready' };
}

function list(workers: readonly Worker[]): string {
  return `worker ${workers.map((worker) => worker.index).join(', ')}`;
}
