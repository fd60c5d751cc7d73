/** Quoting for unit files, all of it: systemd.syntax(7), systemd.service(5) "Command lines", systemd.unit(5) "Specifiers". */
import { hasControl, quoted } from '../config/control.js';
import { UserError } from '../errors.js';

/**
 * A text that stays in its line, wherever it came from: a configuration, a link, systemd. Throws UserError if it holds a
 * control character, which could end the line, or a noncharacter, for which systemd does not load the unit.
 */
export function line(text: string): string {
  if (hasControl(text.replaceAll('\t', ' '))) throw new UserError(`cannot write ${quoted(text)} into a file: it holds a control character`, 'rename what has this name');
  return text;
}

const percent = (text: string): string => line(text).replaceAll('%', '%%');
const inQuotes = (text: string): string => `"${percent(text).replace(/["\\]/g, '\\$&')}"`;

/** One word of a list: Environment=, ReadWritePaths=. */
export function word(text: string): string {
  return /^[A-Za-z0-9_./:=,@+-]+$/.test(text) ? text : inQuotes(text);
}

/** One argument of a command line, where `$` would begin a variable. */
export function argument(text: string): string {
  return word(text).replaceAll('$', '$$$$');
}

/** The program of a command line; variables are not expanded there. It is a path, so no prefix can be meant. */
export function program(path: string): string {
  return word(path);
}

/** A value that is the rest of its line: Description=. A `\` at the end would continue the line. */
export function rest(text: string): string {
  return percent(text);
}

/**
 * A path that is the rest of its line. At its end a `\` would continue the line, and a space would be dropped: both get a
 * `/`, which means the same.
 */
export function path(text: string): string {
  return percent(/[\\ ]$/.test(text) ? `${text}/` : text);
}

/** A time span, given in ms; null is 0, which turns limits off. */
export function span(ms: number | null): string {
  if (ms === null) return '0';
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** Permissions, in octal. */
export function mode(bits: number): string {
  return bits.toString(8).padStart(4, '0');
}
