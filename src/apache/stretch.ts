import type { RawLine } from './lines.js';
import type { Place } from './place.js';

/** Lines that are read one after the other: a file, or what a macro makes. Sections end where they begin. */
export class Stretch {
  /** Of the next line. */
  at = 0;
  /** The names of the sections that are open here. */
  readonly open: string[] = [];

  constructor(
    readonly lines: readonly RawLine[],
    readonly place: (line: RawLine) => Place,
  ) {}

  /** Goes on behind the end of a section that has just begun, whatever is in it. Returns whether there is one. */
  skip(name: string): boolean {
    const open = [name];
    while (this.at < this.lines.length) {
      const { text } = this.lines[this.at++] as RawLine;
      const end = /^<\/\s*([^\s>]*)/u.exec(text)?.[1]?.toLowerCase();
      if (end !== undefined && open.at(-1) === end) open.pop();
      else if (end === undefined && text.startsWith('<')) open.push(/^<\s*([^\s>]*)/u.exec(text)?.[1]?.toLowerCase() ?? '');
      if (open.length === 0) return true;
    }
    return false;
  }
}
