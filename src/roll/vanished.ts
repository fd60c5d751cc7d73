import type { Worker } from './next.js';

/** Why a worker that is not there any more has ended: in words, or null where it did not fail, or nobody knows. */
export type HowEnded = (index: number) => { readonly failure: string | null; readonly known: boolean; readonly said?: string };

export interface Looked {
  /** What was seen, and what is believed of those that were not. */
  readonly workers: readonly Worker[];
  /** Those that are to be started once more. */
  readonly again: readonly number[];
  /** Whether to look again soon. */
  readonly inDoubt: boolean;
}

/**
 * The workers of one generation that were started and are not to be found. One that systemd tells of as failed, and does
 * not start again by itself, has failed. That nothing is to be seen says little by itself: so it must be seen twice; and
 * who vanished without a failure of its own is started once more before that counts as one. Each worker is started here
 * once at most, so that all of it ends, whatever becomes of those that are started.
 */
export class Vanished {
  readonly #started = new Set<number>();
  readonly #missedOnce = new Set<number>();
  readonly #again = new Set<number>();
  readonly #refused = new Map<number, string>();

  constructor(
    private readonly generation: number,
    private readonly howEnded: HowEnded,
  ) {}

  started(index: number): void {
    this.#started.add(index);
    this.#missedOnce.delete(index);
  }

  /** systemd does not start it. */
  refused(index: number, why: string): void {
    this.#started.add(index);
    this.#refused.set(index, why);
  }

  /** To be called once for each look at the workers. */
  look(workers: readonly Worker[]): Looked {
    const present = new Set(workers.filter((worker) => worker.generation === this.generation).map((worker) => worker.index));
    const again: number[] = [];
    const believed: Worker[] = [];
    let inDoubt = false;
    for (const index of this.#started) {
      if (present.has(index)) {
        this.#missedOnce.delete(index);
        continue;
      }
      const { failure, known, ...said } = this.howEnded(index);
      const worker = { generation: this.generation, index, phase: 'down', readySince: 0 } as const;
      const why = this.#refused.get(index) ?? failure;
      if (why !== null) believed.push({ ...worker, failure: why, ...said });
      else if (!this.#missedOnce.has(index)) {
        this.#missedOnce.add(index);
        inDoubt = true;
        believed.push({ ...worker, phase: 'starting', failure: null });
      } else if (!this.#again.has(index)) {
        this.#again.add(index);
        again.push(index);
        believed.push({ ...worker, phase: 'starting', failure: null });
      } else believed.push({ ...worker, failure: known ? 'was stopped' : 'is gone, and systemd does not say why' });
    }
    return { workers: [...workers, ...believed], again, inDoubt };
  }
}
