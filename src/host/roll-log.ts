import { closeSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { visibleJson } from '../config/visible.js';
import { fileTrouble } from '../errors.js';
import { syncDirectory } from './files.js';
import type { NewEvent, RollEvent } from '../roll/events.js';

/** The log of a roll under way. */
export class RollLog {
  constructor(
    readonly number: number,
    private readonly file: number | null,
    private readonly now: () => number,
    /** Why it cannot be written, in words: then it is none. */
    readonly lost: string | null = null,
  ) {}

  /** Makes the file of a roll; a log that is lost where nothing can be written. Throws EEXIST where there is one. */
  static open(number: number, path: string, now: () => number): RollLog {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      const log = new RollLog(number, openSync(path, 'ax', 0o644), now);
      syncDirectory(dirname(path));
      return log;
    } catch (error) {
      const trouble = fileTrouble(error);
      if (trouble === null || (error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
      return new RollLog(number, null, now, trouble.message);
    }
  }

  /**
   * Appends an event; what a later run must know is on the disk when this returns. Where the disk takes no more, the event
   * is lost, whole, and the roll goes on: what it does next depends on systemd alone.
   */
  write(event: NewEvent): RollEvent {
    const stamped = { at: this.now(), ...event } as RollEvent;
    if (this.file !== null) append(this.file, lineOf(stamped), ['begin', 'generation', 'commit', 'end'].includes(event.kind));
    return stamped;
  }

  close(): void {
    if (this.file !== null) closeSync(this.file);
  }
}

function append(file: number, line: string, lasting: boolean): void {
  const { size } = fstatSync(file);
  if ((tried(() => writeSync(file, line)) ?? 0) < Buffer.byteLength(line)) tried(() => ftruncateSync(file, size));
  if (lasting) tried(() => fsyncSync(file));
}

/** An event as a line of the log, harmless to look at. */
export function lineOf(event: RollEvent): string {
  return `${visibleJson(JSON.stringify(event))}\n`;
}

/** Null where the file system refuses. */
function tried<T>(action: () => T): T | null {
  try {
    return action();
  } catch (error) {
    if (fileTrouble(error) === null) throw error;
    return null;
  }
}
