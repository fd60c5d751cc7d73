import type { Directive } from './directive.js';
import { isPattern, matchesPattern, patternRegex } from './pattern.js';
import { regexOf } from './regex.js';
import type { Server } from './servers.js';

/** What a request is about: its path, and the file that it leads to. */
export interface Target {
  readonly url: string;
  readonly file: string;
}

/** Directives that hold for some requests of a server. */
export interface Scope {
  /** From outside to inside; none for what holds everywhere. */
  readonly sections: readonly Directive[];
  readonly directives: readonly Directive[];
  /** Whether that can be said before a request is there: not so in <If>. */
  readonly constant: boolean;
  matches(target: Target): boolean;
}

const LOCATION = new Set(['location', 'locationmatch']);
const DIRECTORY = new Set(['directory', 'directorymatch']);
const FILES = new Set(['files', 'filesmatch']);
/** Sections for some of the requests. */
const CHOOSING = /^(location|locationmatch|directory|directorymatch|files|filesmatch|if|elseif|else)$/u;

/**
 * All scopes that hold in a server, in the order in which Apache merges them: what comes later wins. `overrides`: sections
 * that come after others of their rank.
 */
export function scopesOf(main: Server, server: Server, overrides: readonly Directive[] = []): readonly Scope[] {
  const all = [...(server.isMain ? [main] : [main, server]).map(({ directives }) => directives), overrides].flatMap((directives) => scopes(directives, []));
  return all.map((scope, index) => ({ scope, index, rank: rank(scope) })).sort((a, b) => a.rank - b.rank || a.index - b.index).map(({ scope }) => scope);
}

/** What is said for a target, as far as it can be told before a request is there; what comes later wins. */
export function directivesAt(scopes: readonly Scope[], target: Target): readonly Directive[] {
  return scopes.filter((scope) => scope.constant && scope.matches(target)).flatMap(({ directives }) => directives);
}

export function effective(scopes: readonly Scope[], target: Target, name: string): Directive | null {
  return directivesAt(scopes, target).filter((one) => one.name === name).at(-1) ?? null;
}

/** The <Location>s, by path or expression, that say something of a kind themselves. */
export function locationsWith(scopes: readonly Scope[], test: (directive: Directive) => boolean): readonly { readonly section: Directive; readonly directives: readonly Directive[] }[] {
  return scopes.flatMap(({ sections, directives, constant }) => {
    const [section, inner] = sections;
    const isOne = section !== undefined && inner === undefined && LOCATION.has(section.name);
    return isOne && constant && directives.some(test) ? [{ section, directives }] : [];
  });
}

/** The paths of those that have one. */
export function pathsWith(scopes: readonly Scope[], test: (directive: Directive) => boolean): readonly string[] {
  return locationsWith(scopes, test).map(({ section }) => locationPath(section)).filter((path): path is string => path !== null);
}

/** The path that a <Location> names, without wildcards or expressions; null for all others. */
export function locationPath({ name, words }: Directive): string | null {
  const [path = '', second] = words;
  return name === 'location' && path.startsWith('/') && second === undefined && !isPattern(path) ? path : null;
}

/** The expression by which a <LocationMatch>, <Location ~ …> or <Location /with/*> is chosen; null for all others. */
export function locationRegex(section: Directive): string | null {
  if (!LOCATION.has(section.name)) return null;
  const [first = ''] = section.words;
  return sectionRegex(section) ?? (locationPath(section) === null && first.startsWith('/') ? `^${patternRegex(first)}$` : null);
}

/** Whether a path lies at or below another. */
export function isBelow(path: string, base: string): boolean {
  return base === '/' || path === base || path.startsWith(base.endsWith('/') ? base : `${base}/`);
}

/** The expression of any section that is chosen by one. */
export function sectionRegex({ name, words }: Directive): string | null {
  if (!CHOOSING.test(name)) return null;
  if (name.endsWith('match')) return words[0] ?? null;
  return words[0] === '~' ? (words[1] ?? null) : null;
}

function scopes(directives: readonly Directive[], sections: readonly Directive[]): Scope[] {
  const flat: Directive[] = [];
  const inner: Scope[] = [];
  for (const one of directives) {
    const { name, children } = one;
    if (children === null) flat.push(one);
    else if (CHOOSING.test(name)) inner.push(...scopes(children, [...sections, one]));
    // <RequireAny>, <Limit> and the like choose no other requests.
    else if (name !== 'virtualhost') inner.push(...scopes(children, sections));
  }
  const constant = !sections.some(({ name }) => /^(if|elseif|else)$/u.test(name));
  return [{ sections, directives: flat, constant, matches: (target) => sections.every((one) => sectionMatches(one, target)) }, ...inner];
}

function rank({ sections }: Scope): number {
  const names = sections.map(({ name }) => name);
  if (names.some((name) => LOCATION.has(name))) return 1_000_000;
  if (names.some((name) => FILES.has(name))) return 100_000;
  const directory = sections.find(({ name }) => DIRECTORY.has(name));
  if (directory === undefined) return 0;
  const [path = ''] = directory.words;
  const regex = sectionRegex(directory);
  // Short ones first, expressions last; of these, too, Apache counts the slashes.
  return regex === null ? path.split('/').filter((part) => part !== '').length + 1 : 10_000 + regex.split('/').length;
}

/** Whether a section is for a target; one whose expression cannot be read is not. */
export function sectionMatches(section: Directive, { url, file }: Target): boolean {
  const [first = ''] = section.words;
  const regex = sectionRegex(section);
  const directory = file.slice(0, file.lastIndexOf('/')) || '/';
  const base = file.slice(file.lastIndexOf('/') + 1);
  if (LOCATION.has(section.name)) {
    const expression = locationRegex(section);
    return expression === null ? isBelow(url, first) : regexOf(expression)?.test(url) === true;
  }
  // An expression sees the name of the file, too.
  if (DIRECTORY.has(section.name)) return regex === null ? isBelowPattern(directory, first.replace(/(.)\/$/u, '$1')) : regexOf(regex)?.test(file) === true;
  if (FILES.has(section.name)) return regex === null ? matchesPattern(first, base) : regexOf(regex)?.test(base) === true;
  return true;
}

function isBelowPattern(path: string, pattern: string): boolean {
  if (!isPattern(pattern)) return isBelow(path, pattern);
  const parts = pattern.split('/');
  const own = path.split('/').slice(0, parts.length);
  return own.length === parts.length && parts.every((part, at) => matchesPattern(part, own[at] ?? ''));
}
