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
    const name = /^[^=\s]+(?==)/u.exec(this.rest)?.[0];
    if (name === undefined) return null;
    this.#at += name.length + 1;
    // An empty value ends at the space.
    return { name, value: /^\s|^$/u.test(this.rest) ? '' : (this.next() ?? '') };
  }

  #bare(): string {
    const word = /^\S*/u.exec(this.rest)?.[0] ?? '';
    this.#at += word.length;
    return word.replaceAll('\\\\', '\\');
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
    while (/\s/u.test(this.text[this.#at] ?? '')) this.#at++;
  }
}

export function allWords(text: string): readonly string[] {
  const words = new Words(text);
  const all: string[] = [];
  for (let word = words.next(); word !== null; word = words.next()) all.push(word);
  return all;
}
