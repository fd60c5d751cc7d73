/** What `Define` and the environment of Apache say. */
export class Variables {
  readonly #defined = new Map<string, string | null>();

  /** `environment`: of the process, which a configuration can name but not change. */
  constructor(readonly environment: ReadonlyMap<string, string>) {}

  /** Without a value the name is only there for <IfDefine>. */
  define(name: string, value: string | null): void {
    this.#defined.set(name, value);
  }

  undefine(name: string): void {
    this.#defined.delete(name);
  }

  isDefined(name: string): boolean {
    return this.#defined.has(name);
  }

  get names(): readonly string[] {
    return [...this.#defined.keys(), ...this.environment.keys()];
  }

  /** Puts values in place of `${NAME}` in a whole line. What is not known stays as it is, as in Apache. */
  expand(text: string): { readonly text: string; readonly unknown: readonly string[] } {
    const unknown: string[] = [];
    const expanded = text.replace(/\$\{([^}]*)\}/gu, (whole, name: string) => {
      const value = this.#defined.get(name) ?? this.environment.get(name);
      // With a colon it belongs to mod_rewrite: ${map:key}.
      if (value === undefined && name !== '' && !name.includes(':')) unknown.push(name);
      return value ?? whole;
    });
    return { text: expanded, unknown };
  }
}
