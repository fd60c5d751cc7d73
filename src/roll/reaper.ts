import { parseWorker } from '../plan/names.js';
import { Refused, type Systemd, type UnitState } from '../systemd/port.js';

/**
 * Time beyond systemd's own limits, in ms. By then it has itself killed every worker, but one that asks it for more time,
 * over and over: a worker may do so (EXTEND_TIMEOUT_USEC=, sd_notify(3)), and systemd would wait for ever.
 */
const GRACE = 5_000;

/** `kill`: systemd gave it more than its time. `give-up`: it is beyond reach, in the kernel perhaps. */
export type Verdict = 'wait' | 'kill' | 'give-up';

/**
 * What is to be done about a unit that may be stopping. Each state of a stop has at most the whole limit: that is never
 * less than what systemd gives it. systemd itself knows since when, so it does not matter who began to wait for it.
 * `killedAt`: when that was done, if it was; all times in ms of systemd's monotonic clock.
 */
export function verdict(unit: Pick<UnitState, 'active' | 'changedAt' | 'stopLimit'>, killedAt: number | undefined, now: number): Verdict {
  if (unit.active !== 'deactivating' || now < unit.changedAt + unit.stopLimit + GRACE) return 'wait';
  if (killedAt === undefined) return 'kill';
  return now < killedAt + GRACE ? 'wait' : 'give-up';
}

/** Sees to it that the wait for the end of workers has an end. */
export class Reaper {
  readonly #killed = new Map<string, number>();
  readonly #given = new Set<string>();

  /** `tell` gets a sentence for each worker that is killed, and for each that not even that ends. */
  constructor(
    private readonly systemd: Pick<Systemd, 'kill'>,
    private readonly now: () => number,
    private readonly tell: (text: string) => void,
  ) {}

  /** Whether the worker of that unit was killed. */
  hasKilled(unit: string): boolean {
    return this.#killed.has(unit);
  }

  /** Kills those whose time is over. Returns the units without those that are to be waited for no longer. */
  async sweep(units: readonly UnitState[]): Promise<UnitState[]> {
    const left: UnitState[] = [];
    for (const unit of units) {
      const decision = verdict(unit, this.#killed.get(unit.name), this.now());
      if (decision !== 'give-up') left.push(unit);
      else if (!this.#given.has(unit.name)) {
        this.#given.add(unit.name);
        this.tell(`${worker(unit.name)} does not end, not even by SIGKILL: systemctl status ${unit.name}`);
      }
      if (decision === 'kill') await this.#kill(unit);
    }
    return left;
  }

  async #kill({ name, stopLimit }: UnitState): Promise<void> {
    this.#killed.set(name, this.now());
    this.tell(`${worker(name)} did not end within ${stopLimit / 1000} s: killed`);
    try {
      await this.systemd.kill(name);
    } catch (error) {
      if (!(error instanceof Refused)) throw error; // it has just ended
    }
  }
}

function worker(unit: string): string {
  const name = parseWorker(unit);
  return name === null ? unit : `worker ${name.index} of generation ${name.generation}`;
}
