import type { Directive } from './directive.js';
import { isPattern, matchesPattern, patternRegex } from './pattern.js';
import { regexOf } from './regex.js';

/** What a request is about: its path, and the file that it leads to. */
export interface Target {
  readonly url: string;
  readonly file: string;
}

const LOCATION = /^location(?:match)?$/u;
const DIRECTORY = /^directory(?:match)?$/u;
const FILES = /^files(?:match)?$/u;

/** Whether it is a section for some of the requests. */
export function isChoosing({ name }: Directive): boolean {
  return isLocation({ name }) || isDirectory({ name }) || isFiles({ name }) || isIf({ name });
}

export function isLocation({ name }: Pick<Directive, 'name'>): boolean {
  return LOCATION.test(name);
}

export function isDirectory({ name }: Pick<Directive, 'name'>): boolean {
  return DIRECTORY.test(name);
}

export function isFiles({ name }: Pick<Directive, 'name'>): boolean {
  return FILES.test(name);
}

/** Chosen when a request is there, and not before. */
export function isIf({ name }: Pick<Directive, 'name'>): boolean {
  return /^(?:if|elseif|else)$/u.test(name);
}

/** The path that a <Location> names, without wildcards or expressions; null for all others. */
export function locationPath({ name, words }: Directive): string | null {
  const [path = '', second] = words;
  return name === 'location' && path.startsWith('/') && second === undefined && !isPattern(path) ? path : null;
}

/** The expression by which a <LocationMatch>, <Location ~ …> or <Location /with/*> is chosen; null for all others. */
export function locationRegex(section: Directive): string | null {
  if (!isLocation(section)) return null;
  const [first = ''] = section.words;
  return sectionRegex(section) ?? (locationPath(section) === null && first.startsWith('/') ? `^${patternRegex(first)}$` : null);
}

/** The folder that a <Directory> names, without wildcards or expressions; null for all others. */
export function directoryPath(section: Directive): string | null {
  const [first = ''] = section.words;
  return section.name === 'directory' && sectionRegex(section) === null && !isPattern(first) ? withoutSlash(first) : null;
}

/** The expression of any section that is chosen by one. */
export function sectionRegex(section: Directive): string | null {
  const { name, words } = section;
  if (!isChoosing(section)) return null;
  if (name.endsWith('match')) return words[0] ?? null;
  return words[0] === '~' ? (words[1] ?? null) : null;
}

/** Whether a path lies at or below another. */
export function isBelow(path: string, base: string): boolean {
  return base === '/' || path === base || (path.startsWith(base) && (base.endsWith('/') || path[base.length] === '/'));
}

/** Whether a section is for a target; one whose expression cannot be read is not. */
export function sectionTest(section: Directive): (target: Target) => boolean {
  const [first = ''] = section.words;
  if (isLocation(section)) {
    const regex = locationRegex(section);
    return regex === null ? ({ url }) => isBelow(url, first) : ({ url }) => regexOf(regex)?.test(url) === true;
  }
  const regex = sectionRegex(section);
  // An expression sees the name of the file, too.
  if (isDirectory(section)) return regex === null ? ({ file }) => isBelowPattern(folderOf(file), withoutSlash(first)) : ({ file }) => regexOf(regex)?.test(file) === true;
  if (!isFiles(section)) return () => true;
  const base = (file: string): string => file.slice(file.lastIndexOf('/') + 1);
  return regex === null ? ({ file }) => matchesPattern(first, base(file)) : ({ file }) => regexOf(regex)?.test(base(file)) === true;
}

/** Where a file lies. */
export function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/')) || '/';
}

function withoutSlash(path: string): string {
  return path.replace(/(.)\/$/u, '$1');
}

function isBelowPattern(path: string, pattern: string): boolean {
  // The folder of a .htaccess is no pattern, whatever its name.
  if (!isPattern(pattern) || isBelow(path, pattern)) return isBelow(path, pattern);
  const parts = pattern.split('/');
  const own = path.split('/').slice(0, parts.length);
  return own.length === parts.length && parts.every((part, at) => matchesPattern(part, own[at] ?? ''));
}
