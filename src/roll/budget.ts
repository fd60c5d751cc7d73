/** A number of workers, or a percentage of `processes`. */
export interface Amount {
  readonly kind: 'count' | 'percent';
  readonly value: number;
}

/** How far a roll may stray from `processes` serving workers. */
export interface Budget {
  /** Workers beyond `processes`, draining ones not counted. */
  readonly surge: number;
  /** Workers that may be missing. */
  readonly unavailable: number;
}

/**
 * Kubernetes' rounding: max-surge up, max-unavailable down, so that 25 % of 2 workers is a surge of 1 and nobody
 * missing. If both come to 0 nothing could ever move, and one worker may be missing.
 */
export function budget(processes: number, maxSurge: Amount, maxUnavailable: Amount): Budget {
  const surge = resolve(maxSurge, processes, Math.ceil);
  const unavailable = Math.min(resolve(maxUnavailable, processes, Math.floor), processes);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

function resolve({ kind, value }: Amount, processes: number, round: (x: number) => number): number {
  return kind === 'count' ? value : round((value * processes) / 100);
}
