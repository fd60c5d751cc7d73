/**
 * Characters that no configuration may hold. systemd ends a line at \n, \r and NUL, so each of these could add a
 * directive to a unit; the rest of C0 and C1, U+2028 and U+2029 end a line for other readers, or drive a terminal. A
 * unit with one of Unicode's noncharacters in it systemd does not load.
 */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\p{Noncharacter_Code_Point}]/u;

export function hasControl(text: string): boolean {
  return CONTROL.test(text);
}

/** The name under which a fault shows the first control character of a text; null where there is none. */
export function firstControl(text: string): string | null {
  const found = CONTROL.exec(text);
  return found === null ? null : codePoint(found[0]);
}

/** A text as messages show it: in quotes, on one line, not too long. */
export function quoted(text: string): string {
  const visible = text.replace(new RegExp(CONTROL, 'gu'), (char) => `<${codePoint(char)}>`);
  const points = Array.from(visible);
  return points.length > 80 ? `'${points.slice(0, 77).join('')}...'` : `'${visible}'`;
}

/** `U+001B` */
export function codePoint(char: string): string {
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
