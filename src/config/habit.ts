import type { Faults } from './fault.js';

/** What other INI readers take off a value and this one does not, as a hint; undefined where there is nothing of it. */
export function habitHint(value: string): string | undefined {
  if (hasComment(value)) return 'a comment needs a line of its own';
  return isQuoted(value) ? 'quotes are part of a value: leave them out' : undefined;
}

/** A good value that most likely means something else: it is kept as it stands, and said. The value itself may be a secret. */
export function warnOfHabits(name: string, value: string, line: number, faults: Faults): void {
  if (isQuoted(value)) faults.warn(line, `the quotes are part of the value of ${name}`, 'leave them out, unless they are meant');
  if (hasComment(value)) faults.warn(line, `the comment is part of the value of ${name}`, 'write it on a line of its own, unless it is meant');
}

function hasComment(value: string): boolean {
  return /\s[#;](\s|$)/u.test(value);
}

function isQuoted(value: string): boolean {
  return value.length > 1 && /^(["']).*\1$/u.test(value);
}
