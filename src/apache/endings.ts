import { plain } from './notes.js';
import type { Place } from './place.js';

/** What became of a directive, or of one of its options. There is no fourth end. */
export interface Ending {
  readonly place: Place;
  readonly what: string;
  readonly end: 'carried' | 'proxy' | 'left';
  /** Where it went, or why it did not. */
  readonly text: string;
  /** What to do about it. */
  readonly advice: string | null;
}

/** What ends are given to: a directive, or a line of envvars. */
export interface Said {
  readonly written: string;
  readonly place: Place;
}

export class Endings {
  readonly #all: Ending[] = [];
  readonly #done = new Set<string>();
  readonly #said = new Set<string>();

  carried(from: Said, to: string, what = from.written): void {
    this.#add(from, what, 'carried', to, null);
  }

  proxy(from: Said, to: string, what = from.written): void {
    this.#add(from, what, 'proxy', to, null);
  }

  left(from: Said, reason: string, advice?: string, what = from.written): void {
    this.#add(from, what, 'left', reason, advice ?? null);
  }

  knows({ place }: Said): boolean {
    return this.#done.has(key(place));
  }

  /** In the order in which they were found. */
  list(): readonly Ending[] {
    return this.#all;
  }

  #add({ place }: Said, what: string, end: Ending['end'], text: string, advice: string | null): void {
    this.#done.add(key(place));
    const one = { place, what: plain(what), end, text: plain(text), advice: advice === null ? null : plain(advice) };
    const said = JSON.stringify([key(place), one.what, one.text]);
    if (!this.#said.has(said)) this.#all.push(one);
    this.#said.add(said);
  }
}

function key({ file, line, via }: Place): string {
  return `${file}:${line}${via === null ? '' : ` ${key(via.place)}`}`;
}
