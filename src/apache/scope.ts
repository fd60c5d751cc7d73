import type { Directive } from './directive.js';
import { directoryPath, isBelow, isChoosing, isDirectory, isFiles, isIf, isLocation, locationPath, sectionRegex, sectionTest, type Target } from './section.js';
import type { Server } from './servers.js';

/** Directives that hold for some requests of a server. */
export interface Scope {
  /** From outside to inside; none for what holds everywhere. */
  readonly sections: readonly Directive[];
  readonly directives: readonly Directive[];
  /** Whether that can be said before a request is there: not so in <If>. */
  readonly constant: boolean;
  /** Whether a .htaccess says it. */
  readonly overriding: boolean;
  /** In which order Apache merges them, before that in which they stand. */
  readonly rank: number;
  /** Of its only section, where that is a <Location> or <Directory> with a plain path. */
  readonly location: string | null;
  readonly directory: string | null;
  matches(target: Target): boolean;
  /** Whether it may be for requests below a target's path, too. */
  touches(target: Target): boolean;
}

/** The scopes of one server's own directives, or of .htaccess files, as they stand. */
export function scopesOf({ directives }: Pick<Server, 'directives'>, overriding = false): readonly Scope[] {
  return scopes(directives, [], overriding);
}

function scopes(directives: readonly Directive[], sections: readonly Directive[], overriding: boolean): Scope[] {
  const flat: Directive[] = [];
  const inner: Scope[] = [];
  for (const one of directives) {
    const { name, children } = one;
    if (children === null) flat.push(one);
    // <RequireAny>, <Limit> and the like choose no other requests.
    else if (name !== 'virtualhost') for (const scope of scopes(children, isChoosing(one) ? [...sections, one] : sections, overriding)) inner.push(scope);
  }
  const tests = sections.map(sectionTest);
  const [section, second] = sections;
  const only = section !== undefined && second === undefined ? section : null;
  return [{
    sections, directives: flat, overriding, rank: rank(sections), constant: !sections.some(isIf),
    location: only === null ? null : locationPath(only), directory: only === null ? null : directoryPath(only),
    matches: (target) => tests.every((test) => test(target)),
    touches: (target) => sections.every((one, at) => touches(one, target, tests[at])),
  }, ...inner];
}

function touches(section: Directive, target: Target, test: ((target: Target) => boolean) | undefined): boolean {
  const path = locationPath(section);
  if (path !== null) return isBelow(target.url, path) || isBelow(path, target.url);
  return !isDirectory(section) || test?.(target) === true;
}

function rank(sections: readonly Directive[]): number {
  if (sections.some(isLocation)) return 1_000_000;
  const directory = sections.find(isDirectory);
  // All <Files> come after all <Directory>, in the order of those that they stand in.
  const files = sections.some(isFiles) ? 100_000 : 0;
  if (directory === undefined) return files;
  const [path = ''] = directory.words;
  const regex = sectionRegex(directory);
  // Short ones first, expressions last; of these, too, Apache counts the slashes.
  return files + (regex === null ? path.split('/').filter((part) => part !== '').length + 1 : 10_000 + regex.split('/').length);
}
