import type { Place } from './place.js';
import { allWords, Words } from './words.js';

/** A directive or section as it holds when Define, Include, Use and <IfX> have done their work. */
export class Directive {
  /** In lower case, as directives are compared: `wsgiscriptalias`, `location`. */
  readonly name: string;
  #words: readonly string[] | null = null;

  constructor(
    /** As it is written. */
    readonly written: string,
    /** What stands behind the name, in a section without its `>`. */
    readonly text: string,
    readonly place: Place,
    /** The last of its lines. */
    readonly last: number,
    /** Variables that are not defined. */
    readonly unknown: readonly string[],
    /** Of a section. */
    readonly children: readonly Directive[] | null = null,
  ) {
    this.name = written.toLowerCase();
  }

  get words(): readonly string[] {
    this.#words ??= allWords(this.text);
    return this.#words;
  }

  reader(): Words {
    return new Words(this.text);
  }

  get isSection(): boolean {
    return this.children !== null;
  }
}

/** All directives and sections, from outside to inside. */
export function* walk(directives: readonly Directive[], around: readonly Directive[] = []): Generator<{ directive: Directive; around: readonly Directive[] }> {
  for (const directive of directives) {
    yield { directive, around };
    if (directive.children !== null) yield* walk(directive.children, [...around, directive]);
  }
}
