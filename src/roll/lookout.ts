import { workersOf } from '../plan/names.js';
import type { Systemd } from '../systemd/port.js';
import type { NewEvent } from './events.js';
import type { Worker } from './next.js';
import { departure, observe } from './observe.js';
import { Reaper } from './reaper.js';

interface Around {
  readonly systemd: Systemd;
  readonly write: (event: NewEvent) => void;
  /** CLOCK_MONOTONIC, in ms. */
  readonly now: () => number;
}

/** What a roll sees of an app's workers, and tells of it as it changes. */
export class Lookout {
  readonly #phases = new Map<string, string>();
  readonly #reaper: Reaper;

  constructor(
    private readonly app: string,
    private readonly around: Around,
  ) {
    this.#reaper = new Reaper(around.systemd, around.now, (text) => around.write({ kind: 'note', text }));
  }

  /** The workers that there are, but those whose units are in `without`. */
  async look(without: ReadonlyMap<string, unknown>): Promise<Worker[]> {
    const { systemd } = this.around;
    const units = await this.#reaper.sweep(await systemd.list([workersOf(this.app)]));
    const counted = units.filter(({ name }) => !without.has(name));
    const workers = await Promise.all(counted.map(async (listed) => {
      const { unit, job } = await systemd.withJob(listed);
      return { name: unit.name, worker: observe(unit, job) };
    }));
    const there = workers.flatMap(({ name, worker }) => (worker === null ? [] : [{ name, worker }]));
    for (const { name, worker } of there) this.#show(name, worker.phase, worker.failure);
    const seen = new Set(there.map(({ name }) => name));
    for (const [name, phase] of this.#phases) {
      if (seen.has(name) || without.has(name) || phase === 'gone') continue;
      this.#show(name, 'gone', this.#reaper.hasKilled(name) ? 'killed' : departure(systemd.history(name)));
    }
    return there.map(({ worker }) => worker);
  }

  #show(unit: string, phase: string, note: string | null): void {
    if (this.#phases.get(unit) === phase) return;
    this.#phases.set(unit, phase);
    this.around.write({ kind: 'worker', unit, phase, ...(note === null ? {} : { note }) });
  }
}
