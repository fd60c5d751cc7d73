import { isSpace } from './lines.js';

/** The words of a directive's arguments, read from the left, in Apache's own quoting. */
export class Words {
  /** Whether a quote was never closed: Apache then takes the rest of the line, and says nothing. */
  unclosed = false;
  #at = 0;

  constructor(private readonly text: string) {}

  /** What has not been read yet. */
  get rest(): string {
    return this.text.slice(this.#at);
  }

  /** Null at the end. */
  next(): string | null {
    this.#skipSpace();
    const quote = this.text[this.#at];
    if (quote === undefined) return null;
    return quote === '"' || quote === "'" ? this.#quoted(quote) : this.#bare();
  }

  /** An option as mod_wsgi writes them, `name=value`; the value may be quoted. Null where the next word is none. */
  option(): { readonly name: string; readonly value: string } | null {
    this.#skipSpace();
    const begin = this.#at;
    let end = begin;
    while (end < this.text.length && this.text[end] !== '=' && !isSpace(this.text[end])) end++;
    if (end === begin || this.text[end] !== '=') return null;
    this.#at = end + 1;
    const after = this.text[this.#at];
    // An empty value ends at the space.
    return { name: this.text.slice(begin, end), value: after === undefined || isSpace(after) ? '' : (this.next() ?? '') };
  }

  #bare(): string {
    const begin = this.#at;
    while (this.#at < this.text.length && !isSpace(this.text[this.#at])) this.#at++;
    return this.text.slice(begin, this.#at).replaceAll('\\\\', '\\');
  }

  #quoted(quote: string): string {
    let word = '';
    for (let at = this.#at + 1; at < this.text.length; at++) {
      const char = this.text[at] as string;
      const after = this.text[at + 1];
      if (char === quote) {
        this.#at = at + 1;
        return word;
      }
      if (char === '\\' && (after === quote || after === '\\')) at++;
      word += char === '\\' && (after === quote || after === '\\') ? after : char;
    }
    this.unclosed = true;
    this.#at = this.text.length;
    return word;
  }

  #skipSpace(): void {
    while (isSpace(this.text[this.#at])) this.#at++;
  }
}

export function allWords(text: string): readonly string[] {
  const words = new Words(text);
  const all: string[] = [];
  for (let word = words.next(); word !== null; word = words.next()) all.push(word);
  return all;
}
