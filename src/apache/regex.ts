/** Classes that PCRE knows by name, and JavaScript does not: it would take the letters of the name for the class. */
const CLASSES = new Map([
  ['alpha', 'a-zA-Z'], ['digit', '0-9'], ['alnum', 'a-zA-Z0-9'], ['upper', 'A-Z'], ['lower', 'a-z'], ['space', '\\s'], ['word', '\\w'], ['xdigit', '0-9a-fA-F'],
  ['blank', ' \\t'], ['punct', '!-\\/:-@\\[-`{-~'],
]);

/** Escapes that mean the same in both, besides those of characters that are no letters. */
const ESCAPES = /\\(?![dDwWsSbBnrtfAzZ\d]|x[0-9a-fA-F]{2})[a-zA-Z]/u;

/** An expression of Apache's, which are Perl's; null where this machine's expressions cannot say it. */
export function regexOf(source: string): RegExp | null {
  const plain = source.replace(/\\[^a-zA-Z]/gu, '');
  if (ESCAPES.test(plain)) return null;
  const [inline = ''] = /^\(\?i\)/u.exec(source) ?? [];
  const text = source.slice(inline.length)
    .replace(/\[:(\w+):\]/gu, (whole, name: string) => CLASSES.get(name) ?? whole)
    .replace(/\\A/gu, '^').replace(/\\[zZ]/gu, '$').replace(/\(\?P</gu, '(?<');
  if (/\[:\^?\w+:\]/u.test(text)) return null;
  try {
    return new RegExp(text, inline === '' ? '' : 'i');
  } catch {
    return null;
  }
}
