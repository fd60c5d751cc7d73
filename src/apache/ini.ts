import { hasControl } from '../config/control.js';
import { SECTIONS } from '../config/sections.js';

/** An INI file in the making. */
export class Ini {
  readonly #sections = new Map<string, [key: string, value: string][]>();

  /** Whether our reader gives a value back as it is: it keeps bytes, but not spaces around them, nor control characters. */
  static holds(value: string): boolean {
    return !hasControl(value) && value.trim() === value;
  }

  set(section: string, key: string, value: string): void {
    const entries = this.#entries(section);
    const at = entries.findIndex(([known]) => known === key);
    if (at === -1) entries.push([key, value]);
    else entries[at] = [key, value];
  }

  /** For settings that may be repeated. */
  add(section: string, key: string, value: string): void {
    if (!this.#entries(section).some(([known, before]) => known === key && before === value)) this.#entries(section).push([key, value]);
  }

  get(section: string, key: string): string | undefined {
    return this.#sections.get(section)?.find(([known]) => known === key)?.[1];
  }

  remove(section: string, key: string): void {
    this.#sections.set(section, this.#entries(section).filter(([known]) => known !== key));
  }

  copy(): Ini {
    const ini = new Ini();
    for (const [section, entries] of this.#sections) for (const [key, value] of entries) ini.add(section, key, value);
    return ini;
  }

  /** `head`: comments of the file. */
  text(head: readonly string[]): string {
    const sections = SECTIONS.flatMap(({ name }) => {
      const entries = this.#sections.get(name) ?? [];
      return entries.length === 0 ? [] : [`[${name}]\n${entries.map(([key, value]) => `${key} = ${value}`.trimEnd()).join('\n')}\n`];
    });
    return [head.map((line) => `# ${line}\n`).join(''), ...sections].join('\n');
  }

  #entries(section: string): [string, string][] {
    const entries = this.#sections.get(section) ?? [];
    this.#sections.set(section, entries);
    return entries;
  }
}
