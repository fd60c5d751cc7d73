import { test } from 'node:test';

/** Numbers by chance that are the same in each run of a seed. */
export class Random {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
    this.#next();
  }

  /** A whole number from `low` to `high`, both possible. */
  between(low: number, high: number): number {
    return low + Math.floor(this.#next() * (high - low + 1));
  }

  /** True once in `n` times. */
  once(n: number): boolean {
    return this.#next() * n < 1;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.between(0, items.length - 1)] as T;
  }

  text(pieces: readonly string[], longest: number): string {
    return Array.from({ length: this.between(0, longest) }, () => this.pick(pieces)).join('');
  }

  // mulberry32
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** A test that holds for whatever is drawn. */
export function property(name: string, rounds: number, body: (random: Random) => void): void {
  test(name, () => eachSeed(rounds, body));
}

/** The same of what takes promises. */
export function asyncProperty(name: string, rounds: number, body: (random: Random) => Promise<void>): void {
  test(name, async () => {
    for (const seed of seeds(rounds)) await body(new Random(seed)).catch((error: unknown) => told(seed, error));
  });
}

/**
 * Runs as many seeds, ten times as many in the long run. A failure tells its seed, and WSGICTL_SEED=<seed> runs that one
 * alone.
 */
export function eachSeed(rounds: number, body: (random: Random) => void): void {
  for (const seed of seeds(rounds)) {
    try {
      body(new Random(seed));
    } catch (error) {
      told(seed, error);
    }
  }
}

function seeds(rounds: number): readonly number[] {
  const { WSGICTL_SEED: only, WSGICTL_LONG: long } = process.env;
  const count = long === undefined ? rounds : rounds * 10;
  return only === undefined ? Array.from({ length: count }, (_, at) => at) : [Number(only)];
}

function told(seed: number, error: unknown): never {
  if (error instanceof Error) error.message = `WSGICTL_SEED=${seed}: ${error.message}`;
  throw error;
}
