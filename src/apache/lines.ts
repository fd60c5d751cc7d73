/** One logical line: what a backslash at the end of a line continues is one with it. */
export interface RawLine {
  /** Without spaces around it. Comments and empty lines are there, too. */
  readonly text: string;
  readonly line: number;
  /** The last of its lines. */
  readonly last: number;
}

/** The logical lines of a file. A comment goes on over a backslash as everything does. */
export function rawLines(content: string): readonly RawLine[] {
  const lines: RawLine[] = [];
  let parts: string[] = [];
  const physical = content.replace(/^\uFEFF/u, '').split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  for (const [index, text] of physical.entries()) {
    const goesOn = text.endsWith('\\');
    parts.push(goesOn ? text.slice(0, -1) : text);
    if (goesOn && index < physical.length - 1) continue;
    lines.push({ text: trimmed(parts.join('')), line: index + 2 - parts.length, last: index + 1 });
    parts = [];
  }
  return lines;
}

/** Whether it is a space to Apache: one of ASCII's, and of those of Unicode none. */
export function isSpace(char: string | undefined): boolean {
  return char === ' ' || (char !== undefined && char >= '\t' && char <= '\r');
}

/** Without such spaces around it. Not by an expression: of those, a run of spaces would cost its square. */
export function trimmed(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && isSpace(text[from])) from++;
  while (to > from && isSpace(text[to - 1])) to--;
  return text.slice(from, to);
}
