/** Classes that PCRE knows by name, and JavaScript does not: it would take the letters of the name for the class. */
const CLASSES = new Map([
  ['alpha', 'a-zA-Z'], ['digit', '0-9'], ['alnum', 'a-zA-Z0-9'], ['upper', 'A-Z'], ['lower', 'a-z'], ['space', '\\s'], ['word', '\\w'], ['xdigit', '0-9a-fA-F'],
  ['blank', ' \\t'], ['punct', '!-\\/:-@\\[-`{-~'],
]);

/** Escapes of single characters that mean the same in both, besides those of characters that are no letters. */
const ESCAPE = /^\\(?:[dDwWsSnrtf]|x[0-9a-fA-F]{2}|[^a-zA-Z0-9])/u;
const SET = /^\[\^?\]?(?:\[:\^?\w+:\]|\\[^]|[^\]\\])*\]/u;
const QUANTIFIER = /^(?:[*+?]|\{(\d{1,3})(,(\d{1,3})?)?\})(\??)/u;
const COUNT = /^\{\d+(?:,\d*)?\}/u;
const GROUP = /^\((?:\?(?:(<?[=!])|:|P?<\w+>)|(?!\?))/u;

/** How much of its work a match may take, by the length of text and expression together: no expression runs for ever. */
const WORK = 500;
const LONGEST = 4_000;
/** Characters and groups that follow each other in a match; each is a step deeper on the stack. */
const DEEPEST = 1_000;

/** Goes on with the rest of the expression from a place in the text. */
type Then = (at: number) => boolean;
type Matcher = (run: Run, at: number, then: Then) => boolean;

interface Run {
  readonly text: string;
  work: number;
  depth: number;
}

class TooMuch extends Error {}

/** An expression of Apache's, which are Perl's. */
export class Expression {
  /** Whether a match was given up, as it would have taken too long: then none is tried any more, and it matches nothing. */
  tooMuch = false;

  constructor(private readonly source: string, private readonly matcher: Matcher) {}

  test(text: string): boolean {
    if (this.tooMuch || text.length > LONGEST) return false;
    const run = { text, work: WORK * (text.length + this.source.length), depth: 0 };
    try {
      for (let at = 0; at <= text.length; at++) if (this.matcher(run, at, () => true)) return true;
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error;
      this.tooMuch = true;
    }
    return false;
  }
}

const known = new Map<string, Expression | null>();

/** Null where it cannot be read here. One source gives one expression, so that what is too much for it is found once. */
export function regexOf(source: string): Expression | null {
  let one = known.get(source);
  if (one === undefined) known.set(source, one = source.length > LONGEST ? null : new Parser(source).expression());
  return one;
}

function spend(run: Run): void {
  if (run.work-- <= 0) throw new TooMuch();
}

function deeper(run: Run, go: () => boolean): boolean {
  if (run.depth >= DEEPEST) throw new TooMuch();
  run.depth++;
  const found = go();
  run.depth--;
  return found;
}

class Parser {
  #at = 0;
  #depth = 0;
  readonly #flags: string;

  constructor(private readonly source: string) {
    this.#flags = source.startsWith('(?i)') ? 'i' : '';
    if (this.#flags !== '') this.#at = 4;
  }

  expression(): Expression | null {
    const matcher = this.#alternatives();
    return matcher === null || this.#at < this.source.length ? null : new Expression(this.source, matcher);
  }

  get #rest(): string {
    return this.source.slice(this.#at);
  }

  #alternatives(): Matcher | null {
    const all: Matcher[] = [];
    do {
      const one = this.#sequence();
      if (one === null) return null;
      all.push(one);
    } while (this.#take('|'));
    return all.length === 1 ? (all[0] as Matcher) : (one, at, then) => all.some((matcher) => matcher(one, at, then));
  }

  #sequence(): Matcher | null {
    const all: Matcher[] = [];
    while (this.#at < this.source.length && !/^[|)]/u.test(this.#rest)) {
      const one = this.#quantified();
      if (one === null) return null;
      all.push(one);
    }
    const from = (index: number, one: Run, at: number, then: Then): boolean => {
      const matcher = all[index];
      return matcher === undefined ? then(at) : deeper(one, () => matcher(one, at, (next) => from(index + 1, one, next, then)));
    };
    return (one, at, then) => from(0, one, at, then);
  }

  #quantified(): Matcher | null {
    if (COUNT.test(this.#rest)) return null;
    const set = this.#character();
    const assertion = set === null ? this.#assertion() : null;
    const one = set === null ? assertion ?? this.#group() : single(set);
    const found = QUANTIFIER.exec(this.#rest);
    if (one === null || found === null) return COUNT.test(this.#rest) ? null : one;
    const [all, least, , most, lazy] = found;
    this.#at += all.length;
    // A quantifier of nothing, possessive ones, and a quantifier of a quantifier.
    if (assertion !== null || /^[*+?]/u.test(this.#rest)) return null;
    const [min, max] = least === undefined ? [all.startsWith('+') ? 1 : 0, all.startsWith('?') ? 1 : Infinity] : [Number(least), all.includes(',') ? Number(most ?? Infinity) : Number(least)];
    if (max < min) return null;
    return set === null ? repeated(one, min, max, lazy !== '') : run(set, min, max, lazy !== '');
  }

  /** What stands for one character of the text. */
  #character(): ((char: string) => boolean) | null {
    const rest = this.#rest;
    const set = SET.exec(rest)?.[0] ?? ESCAPE.exec(rest)?.[0] ?? /^[^\\^$()[|*+?]/u.exec(rest)?.[0];
    if (set === undefined) return null;
    const plain = set === '.' ? '[^\\n]' : set.startsWith('[') ? classOf(set) : set.startsWith('\\') ? set : set.replace(/[\]{}/]/u, '\\$&');
    if (plain === null) return null;
    this.#at += set.length;
    try {
      const test = new RegExp(`^${plain}$`, this.#flags);
      return (char) => test.test(char);
    } catch {
      this.#at -= set.length;
      return null;
    }
  }

  #assertion(): Matcher | null {
    if (this.#take('^') || this.#take('\\A')) return (_, at, then) => at === 0 && then(at);
    if (this.#take('$') || this.#take('\\z') || this.#take('\\Z')) return ({ text }, at, then) => at === text.length && then(at);
    const isWord = (char: string | undefined): boolean => char !== undefined && /^\w$/u.test(char);
    const isBound = (text: string, at: number): boolean => isWord(text[at - 1]) !== isWord(text[at]);
    if (this.#take('\\b')) return ({ text }, at, then) => isBound(text, at) && then(at);
    if (this.#take('\\B')) return ({ text }, at, then) => !isBound(text, at) && then(at);
    return null;
  }

  #group(): Matcher | null {
    const [open, look] = GROUP.exec(this.#rest) ?? [];
    if (open === undefined || this.#depth >= 50) return null;
    this.#at += open.length;
    this.#depth++;
    const inner = this.#alternatives();
    this.#depth--;
    if (inner === null || !this.#take(')')) return null;
    if (look === undefined) return inner;
    const wanted = look.endsWith('=');
    const ahead: Matcher = (one, at) => inner(one, at, () => true);
    const behind: Matcher = (one, at) => Array.from({ length: at + 1 }, (_, from) => from).some((from) => inner(one, from, (end) => end === at));
    return (one, at, then) => (look.length === 1 ? ahead : behind)(one, at, then) === wanted && then(at);
  }

  #take(text: string): boolean {
    const isThere = this.source.startsWith(text, this.#at);
    if (isThere) this.#at += text.length;
    return isThere;
  }
}

function classOf(set: string): string | null {
  if (/\\(?:[a-zA-Z]|\d)/u.test(set.replace(/\\(?:[dDwWsSnrtf]|x[0-9a-fA-F]{2})/gu, '').replace(/\\\\/gu, ''))) return null;
  const text = set.replace(/^(\[\^?)\]/u, '$1\\]').replace(/\[:(\w+):\]/gu, (whole, name: string) => CLASSES.get(name) ?? whole);
  return /\[:\^?\w+:\]/u.test(text) ? null : text;
}

function single(set: (char: string) => boolean): Matcher {
  return (one, at, then) => {
    spend(one);
    return at < one.text.length && set(one.text[at] as string) && then(at + 1);
  };
}

/** Many of one character, without a step into the depth for each. */
function run(set: (char: string) => boolean, min: number, max: number, isLazy: boolean): Matcher {
  return (one, at, then) => {
    let end = at;
    const next = (): boolean => {
      spend(one);
      return end < one.text.length && end - at < max && set(one.text[end] as string);
    };
    while (end - at < min) {
      if (!next()) return false;
      end++;
    }
    if (isLazy) {
      for (;; end++) {
        if (then(end)) return true;
        if (!next()) return false;
      }
    }
    const least = end;
    while (next()) end++;
    for (; end >= least; end--) {
      spend(one);
      if (then(end)) return true;
    }
    return false;
  };
}

function repeated(matcher: Matcher, min: number, max: number, isLazy: boolean): Matcher {
  return (one, at, then) => {
    const again = (count: number, from: number): boolean => {
      spend(one);
      const more = (): boolean => count < max && matcher(one, from, (to) => (to > from || count < min) && again(count + 1, to));
      return deeper(one, () => (count < min ? more() : isLazy ? then(from) || more() : more() || then(from)));
    };
    return again(0, at);
  };
}
