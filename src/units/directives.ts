/** A line of a unit file. */
export interface Directive {
  readonly section: string;
  readonly name: string;
  readonly value: string;
  /** Counted from 1; the first one, where it goes on in the next. */
  readonly line: number;
}

/** The lines of a unit file or drop-in, as systemd reads them: systemd.syntax(7). What is none is left out. */
export function directivesOf(text: string): Directive[] {
  const found: Directive[] = [];
  let section = '';
  let begun = '';
  let first = 0;
  text.split('\n').forEach((raw, index) => {
    const line = raw.trimStart();
    if (/^[#;]/u.test(line)) return; // also in the middle of a line that goes on
    if (begun === '') first = index + 1;
    if (raw.endsWith('\\')) {
      begun += `${line.slice(0, -1)} `;
      return;
    }
    const whole = `${begun}${line}`.trim();
    begun = '';
    const [, header] = /^\[(.*)\]$/u.exec(whole) ?? [];
    if (header !== undefined) section = header;
    const [, name, value] = /^([^=]*?)\s*=\s*(.*)$/u.exec(whole) ?? [];
    if (header === undefined && name !== undefined && value !== undefined) found.push({ section, name, value, line: first });
  });
  return found;
}
