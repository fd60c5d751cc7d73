import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Wish } from '../roll/events.js';
import type { Request } from '../roll/requests.js';
import { readIfThere, writeWhole } from './files.js';

/**
 * What was asked of an app's next roll and no roll has taken yet, a file each, in the runtime directory: a request is for a
 * job of systemd's, and does not outlive a reboot either.
 */
export class Requests {
  readonly #folder: string;

  constructor(runtime: string, app: string) {
    this.#folder = join(runtime, 'requests', app);
  }

  /** Those that there are, the oldest first. */
  all(): Request[] {
    return this.#names().sort((a, b) => a - b).flatMap((number) => {
      const text = readIfThere(this.#file(number));
      return text === null ? [] : [JSON.parse(text) as Request];
    });
  }

  /** Makes one that has no job yet. Returns its number. */
  add(wish: Wish | null): number {
    mkdirSync(this.#folder, { recursive: true, mode: 0o755 });
    const number = Number(process.hrtime.bigint() / 1000n);
    this.#write({ number, wish, job: null, queuedAt: 0 });
    return number;
  }

  /** systemd has queued `job` for it. `at`: ms of CLOCK_MONOTONIC. */
  queued(number: number, wish: Wish | null, job: string, at: number): void {
    this.#write({ number, wish, job, queuedAt: at });
  }

  drop(number: number): void {
    rmSync(this.#file(number), { force: true });
  }

  forget(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #write(request: Request): void {
    writeWhole(this.#file(request.number), JSON.stringify(request));
  }

  #names(): number[] {
    try {
      return readdirSync(this.#folder).flatMap((name) => /^([1-9][0-9]*)$/.exec(name)?.[1] ?? []).map(Number);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  #file(number: number): string {
    return join(this.#folder, String(number));
  }
}
