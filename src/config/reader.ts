import { quoted } from './control.js';
import { BadValue, type Faults } from './fault.js';
import { habitHint, warnOfHabits } from './habit.js';
import { keyHint } from './hint.js';
import { KINDS, type Limits } from './kinds.js';
import type { Given } from './rules.js';
import type { Entry, Section } from './scan.js';
import { SETTINGS, type Row, type Settings } from './settings.js';

/** Entries of the sections with fixed keys to values, by the settings table. */
export class Reader implements Given {
  readonly #values = new Map<string, { value: unknown; line: number }[]>();
  readonly #lines = new Map<string, number>();

  constructor(
    private readonly sections: readonly Section[],
    private readonly faults: Faults,
  ) {}

  read(section: string, entries: readonly Entry[]): void {
    for (const { key, value: text, line } of entries) {
      const row = rowOf(section, key);
      if (row === undefined) {
        this.faults.error(line, `there is no setting ${quoted(key)} in [${section}]`, () => keyHint(section, key));
        continue;
      }
      const setting = `${section}.${key}`;
      const before = this.#lines.get(setting);
      if (before === undefined) this.#lines.set(setting, line);
      else if (row.repeat !== true) {
        this.faults.error(line, `${key} is given twice`, `it already stands on line ${this.faults.line(before)}`);
        continue;
      }
      this.#readValue(row, text, line);
    }
  }

  /** What the file gives, and the defaults of the rest; a faulty value counts as not given. */
  settings(): Settings {
    const settings: Record<string, Record<string, unknown>> = {};
    for (const row of SETTINGS as readonly Row[]) {
      const values = this.#valuesOf(`${row.section}.${row.key}`).map(({ value }) => value);
      (settings[row.section] ??= {})[row.key] = row.repeat === true ? values : values.length > 0 ? values[0] : defaultOf(row);
    }
    // The table, from which the type is derived, has just been followed row by row.
    return settings as unknown as Settings;
  }

  line(setting: string): number | undefined {
    return this.#lines.get(setting);
  }

  lines(setting: string): readonly number[] {
    return this.#valuesOf(setting).map(({ line }) => line);
  }

  header(section: string): number {
    return this.sections.find(({ name }) => name === section)?.line ?? 0;
  }

  allLines(): Readonly<Record<string, readonly number[]>> {
    return Object.fromEntries([...this.#lines.keys()].map((setting) => [setting, this.lines(setting)]));
  }

  #valuesOf(setting: string): { value: unknown; line: number }[] {
    const values = this.#values.get(setting) ?? [];
    this.#values.set(setting, values);
    return values;
  }

  #readValue(row: Row, text: string, line: number): void {
    if (text === '') {
      this.faults.error(line, `${row.key} has no value`, row.default === null ? 'leave out the line' : `the default is ${row.default}`);
      return;
    }
    try {
      this.#valuesOf(`${row.section}.${row.key}`).push({ value: readValue(row, text), line });
      // A description may well have quotes and semicolons.
      if (row.kind !== 'text') warnOfHabits(row.key, text, line, this.faults);
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      this.faults.error(line, `${row.key} ${quoted(text)} ${error.message}`, habitHint(text) ?? error.hint);
    }
  }
}

export function readValue(row: Row, text: string): unknown {
  if (row.off === true && text === 'off') return null;
  const read: (text: string, limits: Limits) => unknown = KINDS[row.kind];
  return read(text, row);
}

function defaultOf(row: Row): unknown {
  return row.default === null ? null : readValue(row, row.default);
}

function rowOf(section: string, key: string): Row | undefined {
  return (SETTINGS as readonly Row[]).find((row) => row.section === section && row.key === key);
}
