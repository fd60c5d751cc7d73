import { escapeRegex } from '../proxy/apache.js';
import { regexOf } from './regex.js';

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
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  const parts = partsOf(pattern);
  // What a `*` has taken may grow: only of the last one, as those before it have done with the least. So it is no more
  // than one part for each character of the name, whatever the pattern.
  let [part, at, star, taken] = [0, 0, -1, 0];
  while (at < name.length) {
    const one = parts[part];
    if (one === '*') [star, taken] = [part++, at];
    else if (one !== undefined && isMatched(one, name[at] as string)) [part, at] = [part + 1, at + 1];
    else if (star !== -1 && name[taken] !== '/') [part, at] = [star + 1, ++taken];
    else return false;
  }
  return parts.slice(part).every((one) => one === '*');
}

/** Characters, `*`, `?` and `[…]`. */
function partsOf(pattern: string): readonly string[] {
  return pattern.match(/\[[!^]?\]?[^\]]*\]|[^]/gu) ?? [];
}

function isMatched(part: string, char: string): boolean {
  if (part === '?') return char !== '/';
  return part.length === 1 ? part === char : regexOf(patternRegex(part))?.test(char) === true;
}
