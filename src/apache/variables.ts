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

/** Debian's, where the configuration comes without its envvars. */
const DEBIAN = { APACHE_RUN_USER: 'www-data', APACHE_RUN_GROUP: 'www-data', APACHE_LOG_DIR: '/var/log/apache2', APACHE_RUN_DIR: '/var/run/apache2', APACHE_LOCK_DIR: '/var/lock/apache2', APACHE_PID_FILE: '/var/run/apache2/apache2.pid' };

/** The assignments of /etc/apache2/envvars, which is a shell script: what is more than an assignment is passed over. */
export function readEnvvars(script: string | null): ReadonlyMap<string, string> {
  if (script === null) return new Map(Object.entries(DEBIAN));
  const found = new Map<string, string>();
  const exported = new Map<string, string>();
  for (const line of script.split('\n')) {
    const assignment = /^\s*(export\s+)?([A-Za-z_]\w*)=("[^"]*"|'[^']*'|[^\s;#]*)\s*$/u.exec(line);
    if (assignment === null) continue;
    const [, isExported, name = '', written = ''] = assignment;
    const bare = /^["']/u.test(written) ? written.slice(1, -1) : written;
    const value = written.startsWith("'") ? bare : bare.replace(/\$(?:\{(\w+)\}|(\w+))/gu, (_, a?: string, b?: string) => found.get(a ?? b ?? '') ?? '');
    found.set(name, value);
    if (isExported !== undefined) exported.set(name, value);
  }
  return exported;
}
