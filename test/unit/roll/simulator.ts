// Plays systemd and the workers of one app for the pure decisions: time passes from one event to the next.
import type { Phase, Worker } from '../../../src/roll/next.js';
import type { Random } from '../random.js';

/** How the workers of a generation behave. Times in ms. */
export interface Release {
  /** From the start to READY, at least and at most. */
  readonly load: readonly [number, number];
  /** How long one drains. */
  readonly drain: readonly [number, number];
  /**
   * raises: exits before READY. hangs: never becomes ready, systemd ends it after the ready-timeout. dies: exits half a
   * second after READY; quits: the same, with exit status 0. vanishes: its unit is gone before READY, whoever starts it,
   * as if nobody had ever started it; socketless: the same, and systemd tells that it failed. Of `bad` only the workers
   * with these indexes behave so.
   */
  readonly fault: 'none' | 'raises' | 'hangs' | 'dies' | 'quits' | 'vanishes' | 'socketless';
  readonly bad?: ReadonlySet<number>;
  /** How many times one of its ready workers crashes, or reaches max-requests. */
  readonly crashes: number;
  readonly recycles: number;
}

export const READY_TIMEOUT = 60_000;
/** RestartSec= of a worker. */
const RESTART = 1_000;
const DIES_AFTER = 500;

interface Unit {
  readonly generation: number;
  readonly index: number;
  phase: Phase;
  readySince: number;
  failure: string | null;
  restarts: number;
  /** When its phase ends by itself. */
  until: number;
  /** What becomes of it then. */
  then: 'ready' | 'crash' | 'down' | 'gone' | 'start' | 'nothing';
}

export class Simulator {
  now = 1_000_000;
  readonly #units = new Map<string, Unit>();
  readonly #ends = new Map<string, string>();
  readonly #left = new Map<number, { crashes: number; recycles: number }>();

  constructor(
    private readonly random: Random,
    private readonly releases: ReadonlyMap<number, Release>,
  ) {
    for (const [generation, { crashes, recycles }] of releases) this.#left.set(generation, { crashes, recycles });
  }

  observe(): Worker[] {
    return [...this.#units.values()].map(({ generation, index, phase, readySince, failure, restarts }) => ({
      generation, index, phase, readySince, restarts,
      failure: phase === 'ready' || phase === 'starting' ? null : failure,
    }));
  }

  /** What systemd told of the end of a unit that is gone. */
  howEnded(generation: number, index: number): { readonly failure: string | null; readonly known: boolean } {
    const failure = this.#ends.get(`${generation}@${index}`);
    return { failure: failure ?? null, known: failure !== undefined };
  }

  start(generation: number, index: number): void {
    const key = `${generation}@${index}`;
    this.#ends.delete(key);
    if (this.#units.has(key)) throw new Error(`${key} was started, and is there already`);
    const unit: Unit = { generation, index, phase: 'starting', readySince: 0, failure: null, restarts: 0, until: 0, then: 'nothing' };
    this.#units.set(key, unit);
    this.#begin(unit);
  }

  /** Puts a worker there as it is before the story begins. */
  place(generation: number, index: number, phase: 'ready' | 'down' | 'starting' | 'crash-loop'): void {
    this.start(generation, index);
    const unit = this.#units.get(`${generation}@${index}`) as Unit;
    if (phase === 'ready') Object.assign(unit, { phase, readySince: this.now - 3_600_000, until: Infinity, then: 'nothing' });
    if (phase === 'down') Object.assign(unit, { phase, failure: null, until: this.now + RESTART, then: 'start' });
    if (phase === 'crash-loop') Object.assign(unit, { phase: 'down', failure: 'exited with status 1', until: Infinity, then: 'nothing' });
  }

  stop(workers: readonly Worker[]): void {
    for (const { generation, index } of workers) {
      const key = `${generation}@${index}`;
      const unit = this.#units.get(key);
      if (unit === undefined) continue;
      if (unit.phase === 'down') this.#units.delete(key);
      else this.#leave(unit, 'gone');
    }
  }

  /** Somebody stops a worker by hand. */
  vanish(generation: number, index: number): void {
    this.#units.delete(`${generation}@${index}`);
  }

  /** Lets time pass until `until`, or until something happens. Returns whether anything ever will. */
  pass(until: number): boolean {
    this.#stir();
    const soonest = Math.min(...[...this.#units.values()].map((unit) => unit.until));
    const at = Math.min(until, soonest);
    if (at === Infinity) return false;
    this.now = Math.max(this.now, at);
    for (const unit of [...this.#units.values()]) if (unit.until <= this.now) this.#turn(unit);
    return true;
  }

  /** Crashes and max-requests, by chance. */
  #stir(): void {
    for (const unit of this.#units.values()) {
      const left = this.#left.get(unit.generation);
      if (unit.phase !== 'ready' || left === undefined || !this.random.once(10)) continue;
      if (left.crashes > 0 && left.crashes-- > 0) this.#down(unit, 'was ended by SIGSEGV');
      else if (left.recycles > 0 && left.recycles-- > 0) this.#leave(unit, 'down');
    }
  }

  #turn(unit: Unit): void {
    switch (unit.then) {
      case 'ready':
        Object.assign(unit, { phase: 'ready', readySince: this.now, failure: null, until: Infinity, then: 'nothing' });
        if (this.#fault(unit) === 'dies') Object.assign(unit, { until: this.now + DIES_AFTER, then: 'crash' });
        if (this.#fault(unit) === 'quits') Object.assign(unit, { until: this.now + DIES_AFTER, then: 'down' });
        return;
      case 'crash':
        return this.#down(unit, 'exited with status 3');
      case 'down':
        return this.#down(unit, null);
      case 'start':
        unit.restarts += 1;
        return this.#begin(unit);
      case 'gone':
        if (this.#fault(unit) === 'socketless' && unit.phase === 'starting') this.#ends.set(`${unit.generation}@${unit.index}`, 'got no socket');
        this.#units.delete(`${unit.generation}@${unit.index}`);
        return;
      case 'nothing':
    }
  }

  #begin(unit: Unit): void {
    const { load } = this.#release(unit);
    const fault = this.#fault(unit);
    const takes = fault === 'hangs' ? READY_TIMEOUT : this.random.between(...load);
    const then = fault === 'raises' || fault === 'hangs' ? 'crash' : fault === 'vanishes' || fault === 'socketless' ? 'gone' : 'ready';
    Object.assign(unit, { phase: 'starting', until: this.now + takes, then });
  }

  #down(unit: Unit, failure: string | null): void {
    Object.assign(unit, { phase: 'down', failure, until: this.now + RESTART, then: 'start' });
  }

  #leave(unit: Unit, then: 'gone' | 'down'): void {
    // Whoever has been told to go already keeps his time.
    const until = unit.phase === 'leaving' ? unit.until : this.now + this.random.between(...this.#release(unit).drain);
    Object.assign(unit, { phase: 'leaving', failure: null, until, then });
  }

  #release(unit: Unit): Release {
    return this.releases.get(unit.generation) as Release;
  }

  #fault(unit: Unit): Release['fault'] {
    const { fault, bad } = this.#release(unit);
    return bad === undefined || bad.has(unit.index) ? fault : 'none';
  }
}
