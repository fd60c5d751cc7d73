import { firstControl } from './control.js';
import type { Faults } from './fault.js';

/** One line of the file that can be read on. */
export interface Line {
  readonly text: string;
  /** Counted from 1, or on behind the lines of another file. */
  readonly number: number;
}

const MEBIBYTE = 1_048_576;
const NEWLINE = 0x0a;

/**
 * The lines of a file, without those that no configuration may have: bytes that are no UTF-8, and control characters.
 * A tab counts as a space here, and a \r before the end of a line belongs to it; a byte order mark is dropped. `after`:
 * how many lines were counted before.
 */
export function readLines(content: string | Uint8Array, faults: Faults, after = 0): readonly Line[] {
  if (content.length > MEBIBYTE) {
    faults.error(0, 'is larger than 1 MiB: this is no configuration');
    return [];
  }
  const lines = (typeof content === 'string' ? content.split('\n').map(wellFormed) : decodeLines(content)).map(
    (text, index) => ({ text: text?.replace(index === 0 ? /^\uFEFF|\r$/gu : /\r$/u, '') ?? null, number: after + index + 1 }),
  );
  const foreign: number[] = [];
  const control: number[] = [];
  const good: Line[] = [];
  let example: string | null = null;
  for (const { text, number } of lines) {
    if (text === null) {
      foreign.push(number);
      continue;
    }
    const found = firstControl(text.replaceAll('\t', ' '));
    if (found === null) {
      good.push({ text, number });
    } else {
      example ??= found;
      control.push(number);
    }
  }
  tell(faults, foreign, 'is not UTF-8 text', 'save the file as UTF-8');
  tell(faults, control, `holds the control character ${example}`, 'remove it');
  return good;
}

/** One message for a whole kind: a binary file has thousands of such lines. */
function tell(faults: Faults, lines: readonly number[], message: string, hint: string): void {
  const [first] = lines;
  if (first === undefined) return;
  const others = lines.length === 1 ? '' : ` (one of ${lines.length} such lines)`;
  faults.error(first, `the line ${message}${others}`, hint);
}

/** UTF-8 has no byte below 0x80 inside of a character, so that lines can be found before they are decoded. */
function decodeLines(content: Uint8Array): (string | null)[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const lines: (string | null)[] = [];
  let start = 0;
  while (start <= content.length) {
    const found = content.indexOf(NEWLINE, start);
    const end = found === -1 ? content.length : found;
    try {
      lines.push(decoder.decode(content.subarray(start, end)));
    } catch {
      lines.push(null);
    }
    start = end + 1;
  }
  return lines;
}

/** Half a surrogate pair has no UTF-8. */
function wellFormed(text: string): string | null {
  return /\p{Surrogate}/u.test(text) ? null : text;
}
