import { isPattern, matchesPattern } from './pattern.js';
import type { Sources } from './sources.js';

export interface Included {
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Why Apache would not start, or null. */
  readonly fault: string | null;
}

/** The files that an Include names: one file, a directory with all that is in it, or what a pattern matches. */
export function included(sources: Sources, path: string): Included {
  if (!isPattern(path)) {
    const files = below(sources, path);
    return { files, fault: files.length === 0 && sources.list(path) === null ? `${path} does not exist` : null };
  }
  const matched = expand(sources, '', path.split('/').filter((part) => part !== ''));
  return { files: matched.flatMap((one) => below(sources, one)), fault: matched.length === 0 ? `nothing matches ${path}` : null };
}

function below(sources: Sources, path: string): Included['files'] {
  const names = sources.list(path);
  if (names !== null) return [...names].sort().flatMap((name) => below(sources, `${path.replace(/\/$/u, '')}/${name}`));
  const text = sources.read(path);
  return text === null ? [] : [{ path, text }];
}

function expand(sources: Sources, base: string, parts: readonly string[]): string[] {
  const [part, ...rest] = parts;
  if (part === undefined) return sources.list(base) !== null || sources.read(base) !== null ? [base] : [];
  if (!isPattern(part)) return expand(sources, `${base}/${part}`, rest);
  const names = sources.list(base === '' ? '/' : base) ?? [];
  return [...names].sort().filter((name) => matchesPattern(part, name)).flatMap((name) => expand(sources, `${base}/${name}`, rest));
}
