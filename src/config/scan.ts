import { parse } from 'ini';
import { quoted } from './control.js';
import type { Faults } from './fault.js';
import type { Line } from './text.js';

export interface Entry {
  readonly key: string;
  /** Byte for byte what stands behind the `=`, without the spaces around it: quotes and backslashes mean nothing. */
  readonly value: string;
  readonly line: number;
}

export interface Section {
  /** Null for what stands before the first section. */
  readonly name: string | null;
  readonly line: number;
  readonly entries: readonly Entry[];
}

/**
 * Lines to sections and entries, in the order of the file, repeats and all.
 *
 * `ini` alone would lose much: it knows no line numbers, keeps the last of two equal keys, cuts `/srv/a;b` at the
 * semicolon, nests `[a.b]`, reads `null` as null, takes quotes off and drops `__proto__`. So each line is guarded before it
 * reads it: a section is known by its line, a key carries its line, a value stands in quotes.
 */
export function scan(lines: readonly Line[], faults: Faults): readonly Section[] {
  const headers: { name: string | null; line: number }[] = [{ name: null, line: 0 }];
  const guarded: string[] = ['[0]'];
  for (const { text: raw, number } of lines) {
    const text = trim(raw);
    if (text === '' || text.startsWith('#') || text.startsWith(';')) continue;
    if (text.startsWith('[')) {
      headers.push({ name: readHeader(text, number, faults), line: number });
      guarded.push(`[${number}]`);
    } else {
      const entry = guardEntry(text, number, faults);
      if (entry !== null) guarded.push(entry);
    }
  }
  // Without array brackets, since a key may end in [] by mistake.
  const read = parse(guarded.join('\n'), { bracketedArray: false }) as Record<string, Record<string, string> | undefined>;
  return headers
    .map(({ name, line }) => ({ name, line, entries: Object.entries(read[line] ?? {}).map(unguard) }))
    .filter(({ name, entries }) => name !== null || entries.length > 0);
}

/** Even a faulty header opens its section: what follows must not be taken for settings of the section before it. */
function readHeader(text: string, line: number, faults: Faults): string {
  const end = text.indexOf(']');
  if (end === -1) {
    faults.error(line, `the section ${quoted(text)} has no ']'`);
    return trim(text.slice(1));
  }
  if (end < text.length - 1) faults.error(line, `there is text behind the section ${quoted(text.slice(0, end + 1))}`, 'a comment needs a line of its own');
  return trim(text.slice(1, end));
}

function guardEntry(text: string, line: number, faults: Faults): string | null {
  const equals = text.indexOf('=');
  if (equals === 0) {
    faults.error(line, "nothing stands before the '='");
    return null;
  }
  if (equals === -1) {
    // The value may be a secret that ran over the end of its line: it is not shown.
    const key = /^([A-Za-z_-]+)[ \t]*:/u.exec(text)?.[1];
    const hint = key === undefined ? 'a value ends with its line, a comment begins with #' : `write ${key} = …`;
    faults.error(line, 'this is neither a [section] nor key = value', hint);
    return null;
  }
  return `${guard(`${line}:${trim(text.slice(0, equals))}`)}=${guard(`=${trim(text.slice(equals + 1))}`)}`;
}

function unguard([key, value]: [string, string]): Entry {
  const colon = key.indexOf(':');
  return { line: Number(key.slice(0, colon)), key: key.slice(colon + 1), value: value.slice(1) };
}

/** A JSON string, which ini takes as it is; in ASCII, since its patterns end at U+2028, and its trim knows more than spaces. */
function guard(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Spaces and tabs only: a no-break space is part of a value. */
function trim(text: string): string {
  const isSpace = (at: number): boolean => text[at] === ' ' || text[at] === '\t';
  let [begin, end] = [0, text.length];
  while (begin < end && isSpace(begin)) begin += 1;
  while (end > begin && isSpace(end - 1)) end -= 1;
  return text.slice(begin, end);
}
