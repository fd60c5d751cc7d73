import { EXIT, fileTrouble, type ExitCode } from '../errors.js';
import { workersOf, workerUnit } from '../plan/names.js';
import type { Generation } from '../plan/generation.js';
import { BusLost, Refused, type Systemd } from '../systemd/port.js';
import { bringUp, type Committed } from './bring-up.js';
import type { Budget } from './budget.js';
import type { NewEvent, Outcome } from './events.js';
import { next, withProven, type Step, type Worker } from './next.js';
import { departure, failureOf, observe, saidOf, withSaid } from './observe.js';
import { Reaper } from './reaper.js';
import { undo } from './undo.js';

/** Time after systemd's own limit at which we stop believing that it will act, in ms. */
const GRACE = 15_000;

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
}

/** Thrown where the roll must end at once, without undoing anything. */
class Stopped extends Error {}

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

/** What the worker said that a decision is about, if it is about its failure. */
function saidWith({ index, reason }: { readonly index: number; readonly reason: string }, generation: number | undefined, workers: readonly Worker[]): Pick<Worker, 'said'> {
  const said = workers.find((one) => one.generation === generation && one.index === index && one.failure === reason)?.said;
  return said === undefined ? {} : { said };
}

class Driver {
  readonly #started = new Set<number>();
  readonly #proven = new Map<number, number>();
  readonly #retired = new Set<number>();
  readonly #phases = new Map<string, string>();
  readonly #deadlines = new Map<number, number>();
  readonly #reaper: Reaper;
  #waitingFor = '';
  /** What the worker that failed said of it. */
  said: Pick<Worker, 'said'> = {};

  constructor(
    private readonly spec: Roll,
    private readonly world: World,
  ) {
    this.#reaper = new Reaper(world.systemd, world.now, (text) => world.write({ kind: 'note', text }));
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
    return this.#loop(async (workers, now) => {
      const known = this.#withVanished(workers, generation.number, this.#started);
      const step: Step = decide(target, withProven(target, known, now, this.#proven), now);
      switch (step.kind) {
        case 'start':
          for (const index of step.indexes) await this.#start(index);
          return undefined;
        case 'retire':
          await this.#stop(step.workers);
          return undefined;
        case 'wait':
          return this.#wait(step.until, step.for);
        case 'commit':
          this.world.commit();
          this.world.write({ kind: 'commit', generation: generation.number });
          return { value: null };
        case 'fail': {
          const unit = workerUnit(this.spec.app, generation.number, step.index);
          const { invocation } = await this.world.systemd.unit(unit);
          const reason = `worker ${step.index} of generation ${generation.number} ${step.reason}`;
          this.said = saidWith(step, generation.number, known);
          this.world.write({ kind: 'failure', reason, ...this.said, unit, invocation });
          return { value: reason };
        }
      }
    });
  }

  /** After a failure: the old generation is made whole, the new one goes. */
  async back(reason: string): Promise<Ending> {
    const { generation, previous, budget } = this.spec;
    let deadline = this.world.now() + (previous?.readyTimeout ?? 0) + GRACE;
    const restored = new Set<number>();
    return this.#loop<Ending>(async (workers, now) => {
      const { number, settle } = generation;
      const known = this.#withVanished(workers, previous?.generation ?? 0, restored);
      const step = undo({ generation: number, settle, previous, budget, retired: this.#retired, deadline }, known, now);
      switch (step.kind) {
        case 'restore':
          deadline = now + (previous?.readyTimeout ?? 0) + GRACE;
          for (const index of step.indexes) {
            this.#retired.add(index);
            restored.add(index);
            await this.#startUnit(workerUnit(this.spec.app, previous?.generation ?? 0, index));
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
          const old = `worker ${step.index} of generation ${previous?.generation} ${withSaid(step.reason, saidWith(step, previous?.generation, known))}`;
          return { value: { outcome: 'failed', exit: EXIT.notRolledBack, text: `${reason}; then ${old}` } };
        }
      }
    });
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
    const { systemd } = this.world;
    const units = await this.#reaper.sweep(await systemd.list([workersOf(this.spec.app)]));
    const workers = await Promise.all(units.map(async (unit) => ({ unit, worker: observe(unit, await systemd.job(unit)) })));
    const seen = new Set<string>();
    for (const { unit, worker } of workers) {
      if (worker === null) continue;
      seen.add(unit.name);
      this.#show(unit.name, worker.phase, worker.failure);
      if (worker.generation !== this.spec.generation.number) continue;
      // One that leaves for max-requests gets its time anew. One that has never settled has only its first, whoever
      // started it.
      const comesBack = this.#proven.has(worker.index) && (worker.phase === 'ready' || worker.phase === 'leaving');
      if (comesBack || !this.#deadlines.has(worker.index)) this.#extend(worker.index);
    }
    for (const [name, phase] of this.#phases) {
      if (!seen.has(name) && phase !== 'gone') this.#show(name, 'gone', this.#reaper.hasKilled(name) ? 'killed' : departure(systemd.history(name)));
    }
    return workers.flatMap(({ worker }) => (worker === null ? [] : [worker]));
  }

  #show(unit: string, phase: string, note: string | null): void {
    if (this.#phases.get(unit) === phase) return;
    this.#phases.set(unit, phase);
    this.world.write({ kind: 'worker', unit, phase, ...(note === null ? {} : { note }) });
  }

  /** A worker that was started and is not to be found any more has failed, whatever ended it. */
  #withVanished(workers: readonly Worker[], generation: number, started: ReadonlySet<number>): Worker[] {
    const present = new Set(workers.filter((worker) => worker.generation === generation).map((worker) => worker.index));
    const vanished = [...started].filter((index) => !present.has(index));
    return [
      ...workers,
      ...vanished.map((index): Worker => {
        const end = this.world.systemd.lastEnd(workerUnit(this.spec.app, generation, index));
        const failure = end === null ? null : failureOf(end);
        return { generation, index, phase: 'down', readySince: 0, failure: failure ?? 'was stopped', ...(end === null || failure === null ? {} : saidOf(end)) };
      }),
    ];
  }

  async #start(index: number): Promise<void> {
    this.#extend(index);
    await this.#startUnit(workerUnit(this.spec.app, this.spec.generation.number, index));
    this.#started.add(index);
  }

  async #startUnit(unit: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.world.systemd.start(unit);
        return;
      } catch (error) {
        // During a shutdown systemd starts nothing any more: that is not the release's fault.
        if (error instanceof Refused && error.code === 'TransactionIsDestructive') throw new Stopped();
        if (!(error instanceof Refused && error.code === 'NoSuchUnit') || attempt > 1) throw error;
        // Where directory times are coarse, systemd may not have seen that there is a new file.
        this.world.rescan();
      }
    }
  }

  #extend(index: number): void {
    this.#deadlines.set(index, this.world.now() + this.spec.generation.readyTimeout + GRACE);
  }

  async #stop(workers: readonly Worker[]): Promise<void> {
    for (const worker of workers) {
      if (worker.phase === 'ready' && worker.generation === this.spec.previous?.generation) this.#retired.add(worker.index);
    }
    await this.world.systemd.stopAll(workers.map(({ generation, index }) => workerUnit(this.spec.app, generation, index)));
  }

  async #wait(until: number, what: string): Promise<void> {
    if (what !== this.#waitingFor) this.world.write({ kind: 'waiting', for: what });
    this.#waitingFor = what;
    await this.world.systemd.change(until - this.world.now());
  }
}
