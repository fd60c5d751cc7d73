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
  let begun: { text: string; line: number } | null = null;
  content.replace(/^\uFEFF/u, '').split('\n').forEach((physical, index) => {
    const text: string = (begun?.text ?? '') + physical.replace(/\r$/u, '');
    const line: number = begun?.line ?? index + 1;
    begun = text.endsWith('\\') ? { text: text.slice(0, -1), line } : null;
    if (begun === null) lines.push({ text: text.trim(), line, last: index + 1 });
  });
  const { text, line } = begun ?? { text: '', line: 0 };
  if (line > 0) lines.push({ text: text.trim(), line, last: line });
  return lines;
}
