import { codePoint } from './control.js';

/** What drives a terminal or ends a line for some reader (C0 but newline and tab, DEL, C1), and half a surrogate pair. */
const RAW = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\p{Surrogate}\p{Noncharacter_Code_Point}]/gu;

/** What makes a line read otherwise than it is: the marks and overrides of Unicode's bidirectional algorithm. */
const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const UNSEEN = new RegExp(`${RAW.source}|${TURNS.source}`, 'gu');

/** One line of a message, some of which others wrote, as a terminal may have it: `<U+001B>`, and no second line. */
export function visible(line: string): string {
  return line.replace(UNSEEN, shown).replaceAll('\n', shown);
}

/**
 * A file that is printed, as a terminal may have it. Nothing changes in one of ours: a configuration that holds what is
 * shown here is refused.
 */
export function visibleFile(text: string): string {
  return text.replace(RAW, shown);
}

function shown(char: string): string {
  return `<${codePoint(char)}>`;
}

/** Whether a text turns the direction in which it is read. */
export function turns(text: string): boolean {
  return TURNS.test(text);
}

/** JSON that means the same and is harmless to look at. JSON.stringify leaves DEL, C1 and what turns a line as they are. */
export function visibleJson(json: string): string {
  return json.replace(UNSEEN, (char) => Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''));
}

/** How much of a line of others is shown, in characters. */
const LONGEST = 1000;

/** The lines of what somebody else wrote, each to be shown in one line of ours: none can pass for one of ours. */
export function linesOf(text: string): string[] {
  return text.split(/\r\n|[\n\r\u000b\u000c\u0085\u2028\u2029]/u).filter((line) => line.trim() !== '').map((line) => cut(line, LONGEST));
}

/** What somebody else wrote, in one line. */
export function oneLine(text: string): string {
  return cut(linesOf(text).join(' '), LONGEST);
}

function cut(line: string, longest: number): string {
  const points = Array.from(line.slice(0, 2 * longest + 2));
  return points.length > longest ? `${points.slice(0, longest).join('')}…` : line;
}

/**
 * As much of a line as certainly fits into so many columns of a terminal: a character from U+1100 on may take two
 * (Unicode's East_Asian_Width), and counts as two.
 */
export function fitting(line: string, columns: number): string {
  let width = 0;
  let end = 0;
  for (const char of line) {
    width += (char.codePointAt(0) ?? 0) < 0x1100 ? 1 : 2;
    if (width > columns) break;
    end += char.length;
  }
  return line.slice(0, end);
}
