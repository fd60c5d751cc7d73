import { hasControl } from '../config/control.js';
import { SECTIONS } from '../config/sections.js';

/** The values of each key, in the order in which the keys were first named. */
type Entries = Map<string, readonly string[]>;

/** An INI file in the making. */
export class Ini {
  readonly #sections = new Map<string, Entries>();

  /** Whether our reader gives a value back as it is: it keeps bytes, but not spaces around them, nor control characters. */
  static holds(value: string): boolean {
    return !hasControl(value) && value.trim() === value;
  }

  set(section: string, key: string, value: string): void {
    this.#entries(section).set(key, [value]);
  }

  /** For settings that may be repeated. */
  add(section: string, key: string, value: string): void {
    const values = this.#entries(section).get(key) ?? [];
    if (!values.includes(value)) this.#entries(section).set(key, [...values, value]);
  }

  get(section: string, key: string): string | undefined {
    return this.#sections.get(section)?.get(key)?.[0];
  }

  remove(section: string, key: string): void {
    this.#entries(section).delete(key);
  }

  /** `head`: comments of the file. */
  text(head: readonly string[]): string {
    const sections = SECTIONS.flatMap(({ name }) => {
      const entries = [...(this.#sections.get(name) ?? [])].flatMap(([key, values]) => values.map((value) => [key, value] as const));
      return entries.length === 0 ? [] : [`[${name}]\n${entries.map(([key, value]) => `${key} = ${value}`.trimEnd()).join('\n')}\n`];
    });
    return [head.map((line) => `# ${line}\n`).join(''), ...sections].join('\n');
  }

  #entries(section: string): Entries {
    const entries = this.#sections.get(section) ?? new Map<string, readonly string[]>();
    this.#sections.set(section, entries);
    return entries;
  }
}
