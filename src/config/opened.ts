import { BadValue } from './fault.js';
import { PROOF_CREDENTIAL } from './proof.js';

/** A path that systemd opens as root on a worker's behalf, before the worker becomes its own account. */
export interface Opened {
  readonly directive: string;
  /** The directive's whole value, as the unit has it. */
  readonly value: string;
  readonly path: string;
  /**
   * `file`: a regular one; `output`: that, or a device such as /dev/null; `any`: whatever it is; `place`: what lies there
   * may be anybody's, but not the folders that it is in.
   */
  readonly kind: 'file' | 'output' | 'any' | 'place';
  readonly mayMiss: boolean;
  /** What a worker sees at the path, where that is another place. */
  readonly shows?: string;
}

type Found = Pick<Opened, 'path' | 'kind' | 'mayMiss' | 'shows'>;

const must = (path: string, kind: Found['kind'] = 'any'): Found => ({ path, kind, mayMiss: false });
/** With a `-` before it, it may be missing. */
const may = (text: string, kind: Found['kind'] = 'any'): Found => ({ path: text.replace(/^-/u, ''), kind, mayMiss: text.startsWith('-') });

/** Where the directories of systemd.exec(5), "RuntimeDirectory=, StateDirectory=, …", lie. */
const BASES: Readonly<Record<string, string>> = {
  RuntimeDirectory: '/run', StateDirectory: '/var/lib', CacheDirectory: '/var/cache', LogsDirectory: '/var/log', ConfigurationDirectory: '/etc',
};

/** What systemd makes for the app's account. */
const GIVEN = /^(Runtime|State|Cache|Logs|Configuration)Directory$/;

/** The directives of [Service] that name such paths, and how: systemd.exec(5), systemd.resource-control(5). */
const READERS: readonly (readonly [names: RegExp, read: (value: string, name: string) => readonly Found[]])[] = [
  [/^EnvironmentFile$/, (value) => [may(value, 'file')]],
  // Of a directory systemd would read all that is in it. The file of the proxy's proof is made where it is missing.
  [/^LoadCredential(Encrypted)?$/, (value) => (value.includes(':') ? [{ ...must(after(value, ':'), 'file'), mayMiss: value.startsWith(`${PROOF_CREDENTIAL}:`) }] : [])],
  [/^Standard(Output|Error)$/, (value) => (/^(file|append|truncate):/u.test(value) ? [{ path: after(value, ':'), kind: 'output', mayMiss: true }] : [])],
  [/^(Network|IPC|User)NamespacePath$/, (value) => [must(value)]],
  [/^IP(In|E)gressFilterPath$/, (value) => [must(value)]],
  [/^BPFProgram$/, (value) => [must(after(value, ':'))]],
  [/^Extension(Images|Directories)$/, (value) => wordsOf(value).map((word) => may(word.split(':')[0] ?? ''))],
  // systemd mounts one place at another, and makes an empty file or directory where there is none: whoever decides where
  // a path leads could have it made anywhere, see what is in another account's folders, or have an /etc of his own.
  [/^Bind(ReadOnly)?Paths$/, (value) => wordsOf(value).flatMap((word) => {
    const [source = '', where = ''] = word.split(':');
    const { path } = place(source);
    return [place(source), ...(where === '' ? [] : [{ ...place(where), shows: path }])];
  })],
  [/^MountImages$/, (value) => wordsOf(value).flatMap((word) => {
    const [image = '', where = ''] = word.split(':');
    return [may(image), place(where)];
  })],
  [/^TemporaryFileSystem$/, (value) => wordsOf(value).map((word) => place(word.split(':')[0] ?? ''))],
  // systemd makes these, and gives them to the app's account; the second path is a link to the first.
  [GIVEN, (value, name) => givenOf(wordsOf(value).map((word) => word.split(':').slice(0, 2).filter((part) => part !== '')), BASES[name] ?? '')],
];

/** What it lies in must be root's; there may be nothing yet. */
function place(text: string): Found {
  return { ...may(text, 'place'), mayMiss: true };
}

function givenOf(words: readonly (readonly string[])[], base: string): readonly Found[] {
  const names = words.flat();
  const inner = names.find((name) => words.some(([own]) => name.startsWith(`${own}/`)));
  if (inner !== undefined) throw new BadValue(`names ${inner}, which lies in a directory that is the app's own by then`, 'let the app make it');
  return names.map((name) => place(`${base}/${name.replace(/\/+$/u, '')}`));
}

/** The directory, made by systemd for the app's account, that a path lies in; null where it lies in none. */
export function givenAbove({ path }: Opened, all: readonly Opened[]): string | null {
  return all.find((other) => GIVEN.test(other.directive) && path.startsWith(`${other.path}/`))?.path ?? null;
}

/**
 * The paths that one directive of [Service] has root open, for each of the units, which are instances of a template.
 * Throws BadValue where nobody can tell which they are.
 */
export function opensOf(directive: string, value: string, units: readonly string[]): readonly Opened[] {
  const reader = READERS.find(([names]) => names.test(directive));
  if (reader === undefined) return [];
  // A credential that is named by no path is one of the system's own.
  const found = reader[1](value, directive).filter(({ path }) => /^[/%]/u.test(path));
  return found.flatMap((one) => {
    const opened = units.map((unit): Opened => {
      const shows = one.shows === undefined ? {} : { shows: expanded(one.shows, unit) };
      return { ...one, directive, value, path: expanded(one.path, unit), ...shows };
    });
    return [...new Map(opened.map((each) => [each.path, each])).values()];
  });
}

/** All such paths of a unit's text. Throws as opensOf does. */
export function opensOfUnit(text: string, units: readonly string[]): readonly Opened[] {
  const all = opensIn(text, units);
  // Below what one mount shows, the next one finds what is there.
  const within = all.filter(({ kind, directive }) => kind === 'place' && !GIVEN.test(directive)).flatMap((one) => all.flatMap(({ path, shows }): Opened[] =>
    (shows === undefined || !one.path.startsWith(`${path}/`) ? [] : [{ ...one, path: shows + one.path.slice(path.length) }])));
  return [...all, ...within];
}

function opensIn(text: string, units: readonly string[]): readonly Opened[] {
  return text.replaceAll('\\\n', ' ').split('\n').flatMap((line) => {
    const [, directive = '', value = ''] = /^([A-Za-z]+)=(.*)$/u.exec(line) ?? [];
    return opensOf(directive, value, units);
  });
}

function wordsOf(value: string): readonly string[] {
  if (/["'\\]/u.test(value)) throw new BadValue('is written with quotes or backslashes, by which nobody can tell what root would open', 'write plain paths');
  return value.split(/\s+/u).filter((word) => word !== '');
}

function after(text: string, mark: string): string {
  return text.slice(text.indexOf(mark) + 1);
}

/** Specifiers as the system's manager resolves them: systemd.unit(5), "Specifiers". */
function expanded(path: string, unit: string): string {
  const [, prefix = '', instance = ''] = /^(.*)@(.*)\.service$/u.exec(unit) ?? [];
  const known: Readonly<Record<string, string>> = {
    '%': '%', t: '/run', S: '/var/lib', C: '/var/cache', L: '/var/log', E: '/etc', h: '/root',
    n: unit, N: `${prefix}@${instance}`, p: prefix, i: instance, j: prefix.slice(prefix.lastIndexOf('-') + 1),
  };
  return path.replace(/%(.?)/gsu, (specifier, letter: string) => {
    const said = known[letter];
    if (said === undefined) throw new BadValue(`holds ${specifier}, by which nobody can tell what root would open`, 'write the path in full');
    return said;
  });
}
