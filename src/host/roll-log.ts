import { closeSync, fstatSync, fsyncSync, ftruncateSync, writeSync } from 'node:fs';
import { visibleJson } from '../config/visible.js';
import { noSpace } from '../errors.js';
import type { NewEvent, RollEvent } from '../roll/events.js';

/** The log of a roll under way. */
export class RollLog {
  constructor(
    readonly number: number,
    private readonly file: number,
    private readonly now: () => number,
  ) {}

  /**
   * Appends an event; what a later run must know is on the disk when this returns. On a full disk the event is lost, whole,
   * and the roll goes on: what it does next depends on systemd alone.
   */
  write(event: NewEvent): RollEvent {
    const stamped = { at: this.now(), ...event } as RollEvent;
    const line = lineOf(stamped);
    const { size } = fstatSync(this.file);
    if (written(this.file, line) < Buffer.byteLength(line)) ftruncateSync(this.file, size);
    if (['begin', 'generation', 'commit', 'end'].includes(event.kind)) fsyncSync(this.file);
    return stamped;
  }

  close(): void {
    closeSync(this.file);
  }
}

/** An event as a line of the log, harmless to look at. */
export function lineOf(event: RollEvent): string {
  return `${visibleJson(JSON.stringify(event))}\n`;
}

/** How many bytes a full disk takes of a text. */
function written(file: number, text: string): number {
  try {
    return writeSync(file, text);
  } catch (error) {
    if (noSpace(error) === null) throw error;
    return 0;
  }
}
