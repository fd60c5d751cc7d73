import type { Said } from './endings.js';

export interface Exported extends Said {
  readonly name: string;
  /** Null where only the shell could tell. */
  readonly value: string | null;
}

/** What a shell script gives to Apache, and Apache to all that mod_wsgi starts. */
export interface Envvars {
  readonly environment: ReadonlyMap<string, string>;
  /** Those that mean nothing to Apache itself. */
  readonly exported: readonly Exported[];
  /** Three or four octal digits. */
  readonly umask: (Said & { readonly value: string }) | null;
  readonly unread: readonly Said[];
}

/** Debian's, where the configuration comes without its envvars. */
const DEBIAN = { APACHE_RUN_USER: 'www-data', APACHE_RUN_GROUP: 'www-data', APACHE_LOG_DIR: '/var/log/apache2', APACHE_RUN_DIR: '/var/run/apache2', APACHE_LOCK_DIR: '/var/lock/apache2', APACHE_PID_FILE: '/var/run/apache2/apache2.pid' };

const APACHES = /^APACHE2?_/u;
const WORD = /^(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\;#&|<>()]|(?<=[^\s;])#)*/u;
/** Lines that only say when others count: between the first and the last of these it cannot be said whether they do. */
const BEGINS = /^(?:if\b[^;]*(?:;\s*then)?|case\b.*\bin|(?:for|while|until)\b[^;]*(?:;\s*do)?)$/u;
const GOES_ON = /^(?:then|else|elif\b[^;]*(?:;\s*then)?|do)$/u;
const ENDS = /^(?:fi|esac|done)$/u;

/** Reads assignments, and does not run what else there is: that is told of. Of several assignments the last one counts. */
export function readEnvvars(script: string | null, file: string): Envvars {
  if (script === null) return { environment: new Map(Object.entries(DEBIAN)), exported: [], umask: null, unread: [] };
  const known = new Map<string, string | null>();
  const exported = new Map<string, Exported>();
  const unread: Said[] = [];
  let umask: Envvars['umask'] = null;
  let depth = 0;
  for (const [index, raw] of script.split('\n').entries()) {
    const line = raw.trim();
    const place = { file, line: index + 1, via: null };
    if (BEGINS.test(line)) depth++;
    if (ENDS.test(line)) depth--;
    if (line === '' || line.startsWith('#') || BEGINS.test(line) || GOES_ON.test(line) || ENDS.test(line)) continue;
    const mask = depth === 0 ? /^umask\s+([0-7]{3,4})\s*(?:#.*)?$/u.exec(line)?.[1] : undefined;
    const said = readLine(line);
    if (mask !== undefined) umask = { written: 'umask', place, value: mask.padStart(4, '0') };
    // Without its values, which may be secrets.
    else if (said === null) unread.push({ written: line.replace(/=.*$/su, '=…'), place });
    else for (const { name, word } of said.variables) {
      if (said.verb === 'unset') known.delete(name);
      else if (word !== null) known.set(name, shellWord(word, known));
      if (said.verb === 'unset') exported.delete(name);
      else if (said.verb === 'export' || exported.has(name)) exported.set(name, { written: `export ${name}`, place, name, value: depth > 0 ? null : known.get(name) ?? null });
    }
  }
  return {
    environment: new Map([...exported.keys()].flatMap((name): [string, string][] => {
      const value = known.get(name) ?? null;
      return value === null ? [] : [[name, value]];
    })),
    exported: [...exported.values()].filter(({ name }) => !APACHES.test(name)), umask, unread,
  };
}

interface Line {
  readonly verb: string;
  readonly variables: readonly { readonly name: string; readonly word: string | null }[];
}

/** `NAME=word`, `export NAME=word NAME`, `unset NAME`; null for all else. */
function readLine(line: string): Line | null {
  const [head = '', verb = ''] = /^(?:(export|unset)\s+)?/u.exec(line) ?? [];
  const variables: { name: string; word: string | null }[] = [];
  let rest = line.slice(head.length);
  while (rest !== '' && !/^(?:#|;\s*(?:#|$))/u.test(rest)) {
    const [whole = '', name = '', is] = /^([A-Za-z_]\w*)(=)?/u.exec(rest) ?? [];
    const [word = ''] = is === undefined ? [] : (WORD.exec(rest.slice(whole.length)) ?? []);
    const behind = rest.slice(whole.length + word.length);
    if (name === '' || (is === undefined && verb === '') || !/^(?:\s|;\s*(?:#|$)|$)/u.test(behind)) return null;
    variables.push({ name, word: is === undefined ? null : word });
    rest = behind.trimStart();
  }
  return variables.length === 0 ? null : { verb, variables };
}

/** What the shell makes of a word; null where it would have to run something, or to know what is not said here. */
function shellWord(word: string, known: ReadonlyMap<string, string | null>): string | null {
  let value = '';
  for (const [part, quoted, single] of word.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\.|[^"'\\]+/gsu)) {
    const text = single ?? (part.startsWith('\\') ? part.slice(1) : expand(quoted ?? part, known));
    if (text === null) return null;
    value += text;
  }
  return value;
}

/** `$NAME` and `${NAME}`, outside of single quotes. */
function expand(text: string, known: ReadonlyMap<string, string | null>): string | null {
  let isSure = !/`|\$\(|^~/u.test(text);
  const expanded = text.replace(/\\([\\$"`])|\$(?:\{(\w+)\}|(\w+)|\{[^}]*\})/gu, (_, escaped?: string, braced?: string, bare?: string) => {
    const value = escaped ?? known.get(braced ?? bare ?? '') ?? null;
    if (value === null) isSure = false;
    return value ?? '';
  });
  return isSure ? expanded : null;
}
