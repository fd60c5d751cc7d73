import { EXIT, fileTrouble, type ExitCode } from '../errors.js';
import { workerUnit } from '../plan/names.js';
import type { Generation } from '../plan/generation.js';
import { BusLost, Refused, type Systemd } from '../systemd/port.js';
import { bringUp, type Committed } from './bring-up.js';
import type { Budget } from './budget.js';
import type { NewEvent, Outcome } from './events.js';
import { Jobs, Stopped } from './jobs.js';
import { Lookout } from './lookout.js';
import { next, withProven, type Step, type Worker } from './next.js';
import { failureOf, lacksSocket, saidOf, saidWith, withSaid } from './observe.js';
import { undo } from './undo.js';
import { Vanished } from './vanished.js';

/** Time after systemd's own limit at which we stop believing that it will act, in ms. */
const GRACE = 15_000;

/** After which time a worker that is not to be seen is looked for again, in ms. */
const DOUBT = 200;

export interface Roll {
  readonly app: string;
  readonly generation: Generation;
  /** How many workers are wanted. */
  readonly processes: number;
  readonly budget: Budget;
  /** Whether one new worker must prove itself before anything else happens. */
  readonly canary: boolean;
  /** How many workers of this generation have served before: those beyond must be available in the end. */
  readonly proven: number;
  readonly previous: { readonly generation: number; readonly processes: number; readonly readyTimeout: number } | null;
}

/** What a roll needs from the world. */
export interface World {
  readonly systemd: Systemd;
  readonly write: (event: NewEvent) => void;
  /** Makes the generation the one that serves, for good. */
  readonly commit: () => void;
  /** CLOCK_MONOTONIC, in ms: systemd's timestamps are of that clock. */
  readonly now: () => number;
  /** Whether the app is being stopped, which is not ours to undo. Who asks has looked at the workers just before. */
  readonly stopped: () => Promise<boolean>;
  /** Whether the roll itself was told to end, by whomever. */
  readonly told: () => boolean;
  /** Whether somebody asked for another roll meanwhile. */
  readonly superseded: () => Promise<boolean>;
  /** Makes systemd look for new unit files again. */
  readonly rescan: () => void;
}

export interface Ending {
  readonly outcome: Outcome;
  readonly exit: ExitCode;
  readonly text: string;
  /** Why, in the words of the worker that failed. */
  readonly said?: string;
  /** A worker found no socket: that says nothing of the release. */
  readonly noSocket?: true;
}

/**
 * Replaces what serves an app by one generation: bring up, commit, retire; or, if it fails before the commit, undo.
 * Every step is decided from what systemd says at that moment, so that it does not matter what happened before.
 */
export async function roll(spec: Roll, world: World): Promise<Ending> {
  const driver = new Driver(spec, world);
  try {
    const failure = await driver.forward().catch(refusal);
    if (failure !== null) return { ...(await driver.back(failure)), ...driver.said };
    await driver.retire();
    return { outcome: 'done', exit: EXIT.done, text: `generation ${spec.generation.number} serves` };
  } catch (error) {
    if (error instanceof Stopped) return { outcome: 'stopped', exit: EXIT.done, text: 'stopped' };
    throw error;
  }
}

/** systemd's no to a job, or a file system's, is a failure as any other: what was begun is undone. */
function refusal(error: unknown): string {
  if (error instanceof Refused) return `systemd says: ${error.message}`;
  const trouble = fileTrouble(error);
  if (trouble !== null) return trouble.message;
  throw error;
}

class Driver {
  readonly #proven = new Map<number, number>();
  readonly #retired = new Set<number>();
  readonly #deadlines = new Map<number, number>();
  readonly #lookout: Lookout;
  readonly #jobs: Jobs;
  #waitingFor = '';
  /** What the worker that failed said of it. */
  said: Pick<Worker, 'said'> = {};
  #inDoubt = false;
  #noSocket = false;

  constructor(
    private readonly spec: Roll,
    private readonly world: World,
  ) {
    this.#lookout = new Lookout(spec.app, world);
    this.#jobs = new Jobs(world.systemd, world.rescan, (text) => world.write({ kind: 'note', text }));
  }

  /** Up to the commit. Returns why it failed, or null once it is committed. */
  async forward(): Promise<string | null> {
    const { generation, processes, proven, budget, canary } = this.spec;
    const target: Committed = {
      generation: generation.number,
      processes,
      proven,
      budget,
      settle: generation.settle,
      patience: generation.readyTimeout,
      deadline: (index) => this.#deadlines.get(index) ?? Infinity,
    };
    const decide = canary ? next : bringUp;
    const vanished = this.#vanished(generation.number);
    const start = async (index: number): Promise<void> => {
      this.#extend(index);
      await this.#jobs.start(workerUnit(this.spec.app, generation.number, index));
      vanished.started(index);
    };
    return this.#loop(async (workers, now) => {
      if (this.world.told()) return { value: 'the roll was told to end (SIGTERM), and nobody stops the app' };
      const known = await this.#believe(vanished, workers, start);
      const step: Step = decide(target, withProven(target, known, now, this.#proven), now);
      switch (step.kind) {
        case 'start':
          for (const index of step.indexes) await start(index);
          return undefined;
        case 'retire': {
          const [refused] = await this.#stop(step.workers);
          if (refused === undefined) return undefined;
          this.#jobs.refused.clear(); // it serves on, and may
          throw refused;
        }
        case 'wait':
          return this.#wait(step.until, step.for);
        case 'commit':
          this.world.commit();
          this.world.write({ kind: 'commit', generation: generation.number });
          return { value: null };
        case 'fail': {
          const unit = workerUnit(this.spec.app, generation.number, step.index);
          const { invocation, ...state } = await this.world.systemd.unit(unit);
          this.#noSocket = lacksSocket(this.world.systemd.lastEnd(unit) ?? state);
          const reason = `worker ${step.index} of generation ${generation.number} ${step.reason}`;
          this.said = saidWith(step, generation.number, known);
          this.world.write({ kind: 'failure', reason, ...this.said, unit, invocation });
          return { value: reason };
        }
      }
    });
  }

  /** After a failure: the old generation is made whole, the new one goes. What systemd refuses is left out. */
  async back(reason: string): Promise<Ending> {
    const { generation, previous, budget } = this.spec;
    const old = previous?.generation ?? 0;
    let deadline = 0;
    const vanished = this.#vanished(old);
    const extend = (): void => void (deadline = this.world.now() + (previous?.readyTimeout ?? 0) + GRACE);
    const restore = async (index: number): Promise<void> => {
      extend();
      try {
        await this.#jobs.start(workerUnit(this.spec.app, old, index));
        vanished.started(index);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        vanished.refused(index, `cannot be started: systemd says: ${error.message}`);
      }
    };
    extend();
    const ending = await this.#loop<Ending>(async (workers, now) => {
      const { number, settle } = generation;
      const known = await this.#believe(vanished, workers, restore);
      const step = undo({ generation: number, settle, previous, budget, retired: this.#retired, deadline }, known, now);
      switch (step.kind) {
        case 'restore':
          for (const index of step.indexes) {
            this.#retired.add(index);
            await restore(index);
          }
          return undefined;
        case 'stop':
          await this.#stop(step.workers);
          return undefined;
        case 'wait':
          return this.#wait(step.until, step.for);
        case 'restored':
          return { value: { outcome: 'rolled-back', exit: EXIT.rolledBack, text: reason } };
        case 'lost': {
          const end = this.world.systemd.lastEnd(workerUnit(this.spec.app, old, step.index));
          this.#noSocket ||= end !== null && lacksSocket(end);
          return { value: { outcome: 'failed', exit: EXIT.notRolledBack, text: `${reason}; then worker ${step.index} of generation ${old} ${withSaid(step.reason, saidWith(step, old, known))}` } };
        }
      }
    });
    const [left] = this.#jobs.refused.values();
    const told: Ending = left === undefined ? ending : { outcome: 'failed', exit: EXIT.notRolledBack, text: `${ending.text}; then ${left}` };
    return this.#noSocket ? { ...told, noSocket: true } : told;
  }

  /** After the commit: whatever is not of the new generation leaves. Ends early if another roll is wanted. */
  async retire(): Promise<void> {
    const stay = (worker: Worker): boolean =>
      worker.generation === this.spec.generation.number && worker.index <= this.spec.processes;
    await this.#loop(async (workers) => {
      const others = workers.filter((worker) => !stay(worker));
      const standing = others.filter((worker) => worker.phase !== 'leaving');
      if (standing.length > 0) {
        await this.#stop(standing);
        return undefined;
      }
      if (others.length === 0) return { value: undefined };
      if (this.world.told()) {
        this.world.write({ kind: 'note', text: 'the roll was told to end (SIGTERM): the old workers drain by themselves' });
        return { value: undefined };
      }
      if (await this.world.superseded()) {
        this.world.write({ kind: 'note', text: 'another reload is wanted: the old workers drain by themselves' });
        return { value: undefined };
      }
      return this.#wait(this.world.now() + 1000, `${others.length} old worker${others.length > 1 ? 's' : ''} to finish`);
    });
  }

  /** Observes, decides, acts, over and over. A lost connection is one more reason to look again. */
  async #loop<T>(decide: (workers: readonly Worker[], now: number) => Promise<{ value: T } | undefined | void>): Promise<T> {
    for (;;) {
      try {
        const workers = await this.#observe();
        if (await this.world.stopped()) throw new Stopped();
        const result = await decide(workers, this.world.now());
        if (result !== undefined) return (result as { value: T }).value;
      } catch (error) {
        if (!(error instanceof BusLost)) throw error;
        this.world.write({ kind: 'note', text: `${error.message}; connecting again` });
        await this.world.systemd.change(500);
      }
    }
  }

  async #observe(): Promise<Worker[]> {
    const workers = await this.#lookout.look(this.#jobs.refused);
    for (const worker of workers) {
      if (worker.generation !== this.spec.generation.number) continue;
      // One that leaves for max-requests gets its time anew. One that has never settled has only its first, whoever
      // started it.
      const comesBack = this.#proven.has(worker.index) && (worker.phase === 'ready' || worker.phase === 'leaving');
      if (comesBack || !this.#deadlines.has(worker.index)) this.#extend(worker.index);
    }
    return workers;
  }

  #vanished(generation: number): Vanished {
    return new Vanished(generation, (index) => {
      const end = this.world.systemd.lastEnd(workerUnit(this.spec.app, generation, index));
      const failure = end === null ? null : failureOf(end);
      return { failure, known: end !== null, ...(end === null || failure === null ? {} : saidOf(end)) };
    });
  }

  /** What is to be believed of the workers that were started, the ones included that are not there. */
  async #believe(vanished: Vanished, seen: readonly Worker[], start: (index: number) => Promise<void>): Promise<readonly Worker[]> {
    const { workers, again, inDoubt } = vanished.look(seen);
    this.#inDoubt = inDoubt;
    for (const index of again) {
      this.world.write({ kind: 'note', text: `worker ${index} is gone and has not failed: it is started once more` });
      await start(index);
    }
    return workers;
  }

  #extend(index: number): void {
    this.#deadlines.set(index, this.world.now() + this.spec.generation.readyTimeout + GRACE);
  }

  /** Returns what systemd said where it does not stop one, which then counts as none of the app's. */
  async #stop(workers: readonly Worker[]): Promise<readonly Refused[]> {
    for (const worker of workers) {
      if (worker.phase === 'ready' && worker.generation === this.spec.previous?.generation) this.#retired.add(worker.index);
    }
    const units = workers.map(({ generation, index }) => workerUnit(this.spec.app, generation, index));
    return this.#jobs.stop(units);
  }

  async #wait(until: number, what: string): Promise<void> {
    if (what !== this.#waitingFor) this.world.write({ kind: 'waiting', for: what });
    this.#waitingFor = what;
    await this.world.systemd.change(Math.min(until - this.world.now(), this.#inDoubt ? DOUBT : Infinity));
  }
}
