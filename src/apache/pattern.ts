import { escapeRegex } from '../proxy/apache.js';

/** A shell pattern as Apache's Include takes them: `*`, `?` and `[…]`; `/` is never matched. */
export function isPattern(text: string): boolean {
  return /[*?[]/u.test(text);
}

/** An expression for the whole of what a pattern matches. */
export function patternRegex(pattern: string): string {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] as string;
    const set = char === '[' ? /^\[([!^]?)(\]?[^\]]*)\]/u.exec(pattern.slice(at)) : null;
    if (set !== null) {
      source += `[${set[1] === '' ? '' : '^'}${(set[2] ?? '').replace(/[\\\]]/gu, '\\$&')}]`;
      at += set[0].length - 1;
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else source += escapeRegex(char);
  }
  return source;
}

export function matchesPattern(pattern: string, name: string): boolean {
  // A name that begins with a dot is only matched by a dot.
  return !(name.startsWith('.') && !pattern.startsWith('.')) && new RegExp(`^${patternRegex(pattern)}$`, 's').test(name);
}
