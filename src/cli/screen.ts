import { workersOf } from '../plan/names.js';
import type { RollEvent } from '../roll/events.js';
import { Live } from './live.js';
import { draw } from './report.js';
import type { Wire } from './wire.js';

/** How often the screen is drawn, in ms. */
const PERIOD = 500;

/** Keeps a terminal up to date during a roll. */
export class Screen {
  readonly #live = new Live();
  readonly #timer: NodeJS.Timeout;
  #statuses: ReadonlyMap<string, string> = new Map();

  constructor(private readonly wire: Wire, private readonly app: string) {
    this.#timer = setInterval(() => void this.#refresh(), PERIOD);
  }

  /** Returns whether the event needs no line of its own. */
  take(event: RollEvent): boolean {
    const shown = this.#live.take(event);
    this.#draw();
    return shown;
  }

  close(): void {
    clearInterval(this.#timer);
    draw([]);
  }

  async #refresh(): Promise<void> {
    // Only a watcher's comfort: without an answer the old ones stand.
    const units = await this.wire.systemd.list([workersOf(this.app)]).catch(() => []);
    if (units.length > 0) this.#statuses = new Map(units.map(({ name, status }) => [name, status]));
    this.#draw();
  }

  #draw(): void {
    draw(this.#live.lines(Date.now(), this.#statuses));
  }
}
