import type { Worker } from './next.js';

export interface Undo {
  /** The generation that failed. */
  readonly generation: number;
  /** What served before the roll; null at a first start. */
  readonly previous: { readonly generation: number; readonly processes: number } | null;
  /** The old workers that the roll retired and that must serve again. */
  readonly retired: ReadonlySet<number>;
  /** When to give up on them, in ms of `now`'s clock. */
  readonly deadline: number;
}

export type UndoStep =
  | { readonly kind: 'stop'; readonly workers: readonly Worker[] }
  | { readonly kind: 'restore'; readonly indexes: readonly number[] }
  | { readonly kind: 'wait'; readonly until: number; readonly for: string }
  | { readonly kind: 'restored' }
  | { readonly kind: 'lost'; readonly index: number; readonly reason: string };

/**
 * What a roll that failed before its commit does next. The old generation is made whole first, since it is what serves;
 * then the new one is stopped. Old workers that were in trouble before the roll are not waited for.
 */
export function undo(target: Undo, workers: readonly Worker[], now: number): UndoStep {
  const { previous } = target;
  const old = workers.filter((worker) => worker.generation === previous?.generation);
  const present = new Set(old.map((worker) => worker.index));
  const missing = Array.from({ length: previous?.processes ?? 0 }, (_, at) => at + 1).filter((at) => !present.has(at));
  if (missing.length > 0) return { kind: 'restore', indexes: missing };

  const failed = workers.filter((worker) => worker.generation === target.generation);
  const standing = failed.filter((worker) => worker.phase !== 'leaving');
  if (standing.length > 0) return { kind: 'stop', workers: standing };

  // One that still drains comes up again as soon as it is gone: its index counts as missing then.
  const awaited = old.filter((worker) => target.retired.has(worker.index) && worker.phase !== 'ready');
  const broken = awaited.find((worker) => worker.failure !== null);
  if (broken !== undefined) return { kind: 'lost', index: broken.index, reason: broken.failure as string };
  if (awaited.length > 0) {
    const which = awaited.map((worker) => worker.index).join(', ');
    if (now > target.deadline) return { kind: 'lost', index: awaited[0]?.index ?? 0, reason: 'did not become ready in time' };
    return { kind: 'wait', until: target.deadline, for: `worker ${which} of generation ${previous?.generation}` };
  }
  if (failed.length > 0) return { kind: 'wait', until: Infinity, for: `generation ${target.generation} to be gone` };
  return { kind: 'restored' };
}
