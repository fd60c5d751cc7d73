import { parseWorker } from '../plan/names.js';
import type { RollEvent } from '../roll/events.js';
import { phaseInWords } from './narrate.js';

interface Seen {
  readonly generation: number;
  readonly index: number;
  readonly phase: string;
  /** When it came into that phase, in ms since 1970. */
  readonly since: number;
  readonly note: string | null;
}

/** What a terminal shows of a roll while it goes on: a line for each worker, and what the roll waits for. */
export class Live {
  readonly #workers = new Map<string, Seen>();
  #waiting: { readonly for: string; readonly since: number } | null = null;

  /** Returns whether the event is shown this way; if not, it deserves a line that stays. */
  take(event: RollEvent): boolean {
    switch (event.kind) {
      case 'worker': {
        const name = parseWorker(event.unit);
        if (name === null || event.phase === 'gone') this.#workers.delete(event.unit);
        else this.#workers.set(event.unit, { ...name, phase: event.phase, since: event.at, note: event.note ?? null });
        // How a worker ended would be gone with its line.
        return event.note === undefined;
      }
      case 'waiting':
        this.#waiting = { for: event.for, since: event.at };
        return true;
      case 'commit':
      case 'failure':
      case 'end':
        this.#waiting = null;
        if (event.kind === 'end') this.#workers.clear();
        return false;
      default:
        return false;
    }
  }

  /** `now`: ms since 1970. `statuses`: what workers say of themselves, by unit. */
  lines(now: number, statuses: ReadonlyMap<string, string>): string[] {
    const workers = [...this.#workers].sort(([, a], [, b]) => b.generation - a.generation || a.index - b.index);
    const lines = workers.map(([unit, { generation, index, phase, since, note }]) => {
      const doing = phase === 'leaving' ? statuses.get(unit) || phaseInWords(phase) : phaseInWords(phase);
      return `    generation ${generation}  worker ${index}  ${doing}, ${seconds(now - since)}${note === null ? '' : ` (${note})`}`;
    });
    if (this.#waiting !== null) lines.push(`    waiting for ${this.#waiting.for}, ${seconds(now - this.#waiting.since)}`);
    return lines;
  }
}

function seconds(ms: number): string {
  return `${Math.max(0, Math.floor(ms / 1000))} s`;
}
