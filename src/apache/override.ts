import { CATEGORIES, overridable, type Category, type Overridable } from './categories.js';
import type { Directive } from './directive.js';
import { isFlag } from './option.js';
import { showPlace } from './place.js';
import type { Scope } from './scope.js';
import type { Scopes } from './scopes.js';
import { sectionRegex } from './section.js';

/** What AllowOverride and AllowOverrideList let the .htaccess of one directory say. Names are in lower case. */
export interface Override {
  readonly categories: ReadonlySet<Category>;
  /** Of the directive Options; null for all. */
  readonly options: ReadonlySet<string> | null;
  /** Single directives. */
  readonly list: ReadonlySet<string>;
  /** What Nonfatal has Apache pass over: what is not allowed, what it does not know. */
  readonly passes: ReadonlySet<string>;
  /** `AllowOverride FileInfo (site.conf:3)`; null where none speaks of the directory. */
  readonly said: string | null;
}

/** What Apache makes of a directive: it counts, or is passed over, or each request is answered 500. */
export type Verdict = { readonly end: 'counts' } | { readonly end: 'passed' | 'fault'; readonly text: string; readonly hint?: string };

/** What there is for Options; `AllowOverride Options` alone does not mean the last two. */
const OPTIONS = ['indexes', 'includes', 'includesnoexec', 'followsymlinks', 'execcgi', 'multiviews', 'symlinksifownermatch'];
const ALL_OPTIONS = OPTIONS.slice(0, 5);

/** Those that can be named in a .htaccess; for others <Limit> is a fault there. */
const METHODS = new Set(`GET HEAD POST PUT DELETE CONNECT OPTIONS PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK VERSION-CONTROL CHECKOUT UNCHECKOUT
  CHECKIN UPDATE LABEL REPORT MKWORKSPACE MKACTIVITY BASELINE-CONTROL MERGE`.split(/\s+/u));

/** Arguments that Apache's modules read themselves. */
const VALUES = new Map([
  ['order', /^(?:allow,deny|deny,allow|mutual-failure)$/iu], ['satisfy', /^(?:all|any)$/iu], ['authmerging', /^(?:off|and|or)$/iu], ['allow', /^from /iu], ['deny', /^from /iu],
]);

const NEVER_EMPTY = new Set(['require', '<files', '<filesmatch', '<if', '<elseif', 'header', 'requestheader', 'setenvif', 'setenvifnocase']);

const ANSWER = 'Apache answers 500';

/**
 * As Apache finds it on its way down to a directory: what a longer <Directory> says takes the place of all that a shorter
 * one said. <Directory ~>, <DirectoryMatch>, <Location> and <Files> are asked too late. Null where none is looked for.
 */
export function overrideAt(scopes: Scopes, folder: string): Override | null {
  const target = { url: '/', file: `${folder.replace(/\/$/u, '')}/.htaccess` };
  const last = (name: string): Directive | undefined =>
    scopes.named(name).filter(({ scope }) => isHeard(scope) && scope.matches(target)).at(-1)?.directive;
  const said = last('allowoverride');
  const list = new Set((last('allowoverridelist')?.words ?? []).map((word) => word.toLowerCase()).filter((word) => word !== 'none'));
  const shown = said === undefined ? null : `${said.written} ${said.text} (${showPlace(said.place)})`;
  const override = { ...allowed(said?.words ?? []), list, said: shown };
  // Where nothing is said at all, Apache does look for the file.
  return said === undefined || override.categories.size + override.passes.size + list.size > 0 ? override : null;
}

function isHeard({ sections: [section, inner] }: Scope): boolean {
  return section?.name === 'directory' && inner === undefined && sectionRegex(section) === null;
}

function allowed(words: readonly string[]): Pick<Override, 'categories' | 'options' | 'passes'> {
  const categories = new Set<Category>();
  const passes = new Set<string>();
  let options: Set<string> | null = null;
  for (const [name = '', value] of words.map((word) => word.toLowerCase().split('='))) {
    if (name === 'all' || name === 'none') {
      categories.clear();
      passes.clear();
      for (const one of name === 'all' ? CATEGORIES : []) categories.add(one);
    } else if (name === 'nonfatal') {
      for (const one of value === 'all' ? ['override', 'unknown'] : [value ?? '']) passes.add(one);
    } else {
      const category = CATEGORIES.find((one) => one.toLowerCase() === name);
      if (category !== undefined) categories.add(category);
      if (name === 'options') options = new Set((value ?? 'all').split(',').flatMap((one) => (one === 'all' ? ALL_OPTIONS : one === 'includes' ? [one, 'includesnoexec'] : [one])));
    }
  }
  return { categories, options, passes };
}

/** Judges a directive, or the beginning of a section, in a .htaccess. `open`: the names of the sections around it. */
export function judge(override: Override, directive: Directive, isSection: boolean, open: readonly string[]): Verdict {
  const name = isSection ? `<${directive.name}` : directive.name;
  const known = overridable(name);
  // Its words are not shown: what lies there need not be a .htaccess.
  if (known === null) return unknown(override);
  const shown = isSection ? `<${directive.written}>` : directive.written;
  if (!known.categories.some((one) => override.categories.has(one)) && !override.list.has(name)) return refused(override, shown, isSection && directive.name.startsWith('if'));
  const within = open.find((one) => one === 'limit' || one === 'limitexcept');
  if (within !== undefined && /^<(?:files|filesmatch|if|elseif|else)$/u.test(name)) return { end: 'fault', text: `${shown} cannot stand in <Limit>: ${ANSWER}` };
  const fault = argumentFault(directive, name, known, override);
  return fault === null ? { end: 'counts' } : { end: 'fault', text: `${shown} ${fault}: ${ANSWER}` };
}

function unknown({ passes }: Override): Verdict {
  const text = 'what stands here may not stand in a .htaccess, or is not known here';
  if (passes.has('override') && passes.has('unknown')) return { end: 'passed', text: `${text}: Apache passes over it, as Nonfatal says` };
  return { end: 'fault', text: `${text}: ${ANSWER}`, hint: 'take it away, or write it into a <Directory> of the configuration' };
}

function refused({ passes, said }: Override, shown: string, isCondition: boolean): Verdict {
  // A condition's end would be passed over by none.
  if (passes.has('override') && !isCondition) return { end: 'passed', text: `${shown} is passed over, as ${said ?? 'Nonfatal'} says` };
  if (said === null) return { end: 'fault', text: `${shown} is not allowed here, as no AllowOverride speaks of this folder: ${ANSWER}`, hint: 'give the whole configuration, or say AllowOverride None for it' };
  return { end: 'fault', text: `${shown} is not allowed here by ${said}: ${ANSWER}`, hint: 'take it away, or let AllowOverride say more' };
}

function argumentFault(directive: Directive, name: string, { words: count, flag }: Overridable, { options }: Override): string | null {
  const { words, text } = directive;
  if (count !== null && (words.length < count[0] || words.length > count[1])) return `takes ${counted(count)}`;
  if (flag && !isFlag(words[0] ?? '')) return 'must be On or Off';
  // Apache has no such functions in a .htaccess; in a <ProxyMatch> it would.
  if (/%\{\s*file(?:size|mod)?\s*:|\bfile(?:size|mod)?\s*\(/iu.test(text)) return 'cannot look into files from here';
  if (name === 'options') return optionsFault(words, options);
  if (name.startsWith('<limit')) return words.length > 0 && words.every((word) => METHODS.has(word)) ? null : 'names a method that is not known';
  if (words.length === 0 && NEVER_EMPTY.has(name)) return 'says nothing';
  const wanted = VALUES.get(name);
  return wanted === undefined || wanted.test(words.join(' ')) ? null : 'cannot be understood';
}

function counted([least, most]: readonly [number, number]): string {
  if (most === 0) return 'no argument';
  if (most === 1) return 'one argument';
  return most === Infinity ? `${least} or more arguments` : least === most ? `${least} arguments` : `${least} to ${most} arguments`;
}

function optionsFault(words: readonly string[], allowed: ReadonlySet<string> | null): string | null {
  const signed = words.filter((word) => /^[+-]/u.test(word)).length;
  if (signed > 0 && signed < words.length) return 'mixes options with and without + or -';
  for (const word of words) {
    const option = word.replace(/^[+-]/u, '').toLowerCase();
    if (option === 'none') continue;
    if (option !== 'all' && !OPTIONS.includes(option)) return 'names no option';
    if (allowed !== null && !(option === 'all' ? ALL_OPTIONS : [option]).every((one) => allowed.has(one))) return 'asks for more than AllowOverride Options= allows';
  }
  return null;
}
