import type { Directive } from './directive.js';
import { regexOf } from './regex.js';
import type { Sources } from './sources.js';
import type { Variables } from './variables.js';
import { allWords } from './words.js';

/** What conditions ask for. */
export interface Conditions {
  readonly sources: Sources;
  readonly variables: Variables;
  readonly modules: Modules;
  /** Apache's, for <IfVersion>. */
  readonly version: string;
}

/** Whether an <IfX> holds; null where it cannot be read. */
export function conditionHolds({ name, text }: Directive, { sources, variables, modules, version }: Conditions, absolute: (path: string) => string): boolean | null {
  const words = allWords(text);
  const [first = ''] = words;
  const negated = first.startsWith('!');
  const what = negated ? first.slice(1) : first;
  switch (name) {
    case 'ifdefine': return variables.isDefined(what) !== negated;
    case 'ifmodule': return modules.has(what) !== negated;
    case 'iffile': return (sources.read(absolute(what)) !== null || sources.list(absolute(what)) !== null) !== negated;
    case 'ifversion': return versionHolds(words, version);
    // <IfDirective>, <IfSection>: of modules that are there.
    default: return !negated;
  }
}

/** `<IfVersion [[!]operator] version>`: null where it cannot be read. */
export function versionHolds(words: readonly string[], version: string): boolean | null {
  const [first, second] = words.length > 1 ? words : ['=', words[0]];
  if (first === undefined || second === undefined) return null;
  const negated = first.startsWith('!');
  const operator = negated ? first.slice(1) || '=' : first;
  const pattern = operator === '~' ? second.replace(/^\/(.*)\/$/su, '$1') : /^\/(.*)\/$/su.exec(second)?.[1];
  const holds = pattern === undefined ? compares(operator, numbers(version), numbers(second)) : matches(pattern, version);
  return holds === null ? null : holds !== negated;
}

function compares(operator: string, ours: readonly number[], theirs: readonly number[]): boolean | null {
  if (theirs.some(Number.isNaN)) return null;
  const difference = [0, 1, 2].map((at) => (ours[at] ?? 0) - (theirs[at] ?? 0)).find((one) => one !== 0) ?? 0;
  switch (operator) {
    case '=':
    case '==': return difference === 0;
    case '>': return difference > 0;
    case '>=': return difference >= 0;
    case '<': return difference < 0;
    case '<=': return difference <= 0;
    default: return null;
  }
}

function matches(pattern: string, version: string): boolean | null {
  const expression = regexOf(pattern);
  const found = expression?.test(version);
  return expression === null || expression.tooMuch ? null : found === true;
}

function numbers(version: string): number[] {
  return version.split('.').map((part) => (/^\d+$/u.test(part) ? Number(part) : Number.NaN));
}

/** Debian's Apache has them built in. */
const BUILT_IN = ['core.c', 'http_core.c', 'so_module', 'log_config_module', 'logio_module', 'version_module', 'unixd_module', 'watchdog_module', 'wsgi_module'];

/** Which modules are there: mod_wsgi in any case. Where the configuration loads none, all others are taken to be, too. */
export class Modules {
  /** Those of which nobody said whether they are there, as they were asked for. */
  readonly assumed = new Set<string>();
  readonly #known = new Map<string, boolean>();
  #complete = false;

  /** `said`: names of modules; with a `!` before it, one that is not there. */
  constructor(said: readonly string[]) {
    for (const name of [...BUILT_IN, ...said]) {
      const there = !name.startsWith('!');
      for (const one of spellings(there ? name : name.slice(1))) this.#known.set(one, there);
    }
  }

  /** LoadModule: whoever loads other modules than mod_wsgi loads all that he has. */
  load(identifier: string): void {
    this.#complete ||= identifier !== 'wsgi_module';
    for (const name of spellings(identifier)) this.#known.set(name, true);
  }

  /** By its identifier (`wsgi_module`) or its source file (`mod_wsgi.c`). */
  has(name: string): boolean {
    const known = this.#known.get(name);
    // wsgi_module.c is neither.
    if (known !== undefined || this.#complete || !/^\w+_module$|^\w+(?<!_module)\.c$/u.test(name)) return known ?? false;
    this.assumed.add(name);
    return true;
  }
}

function spellings(name: string): string[] {
  const short = /^(?:mod_)?(.*?)(?:_module|\.c)?$/u.exec(name)?.[1] ?? name;
  return [`${short}_module`, `mod_${short}.c`, `${short}.c`];
}
