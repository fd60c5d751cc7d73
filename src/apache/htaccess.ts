import { Directive } from './directive.js';
import { wsgiHandler } from './keep.js';
import { rawLines } from './lines.js';
import type { Notes } from './notes.js';
import { judge, overrideAt, type Override } from './override.js';
import type { Reader } from './reader.js';
import { SCRIPT } from './mount.js';
import type { Scopes } from './scopes.js';
import type { Sources } from './sources.js';

/** Apache's own limit, which holds in a .htaccess only. */
const LONGEST_LINE = 8_190;
const LONGEST = 1_048_576;

/**
 * What .htaccess files say, as far as AllowOverride lets them. Such a file is the account's that the site runs as: nothing
 * in it counts that Apache would not obey, no link is followed, and nothing of it is shown that is no directive.
 */
export class Htaccess {
  /** By file, and what it may say. Each is read once, so that it says the same to all servers. */
  readonly #read = new Map<string, Directive | null>();

  constructor(
    private readonly sources: Sources,
    private readonly reader: Reader,
    private readonly notes: Notes,
  ) {}

  /** Those on the way to a server's scripts, each as if it were the <Directory> that it lies in. */
  of(scopes: Scopes): readonly Directive[] {
    const scripts = scopes.named('wsgiscriptalias', 'wsgiscriptaliasmatch', 'alias').flatMap(({ scope, directive }) => (scope.sections.length > 0 ? [] : scriptOf(directive, scopes)));
    const folders = new Set(scripts.filter((script) => script.startsWith('/')).flatMap(foldersOf));
    const names = scopes.named('accessfilename').at(-1)?.directive.words ?? ['.htaccess'];
    return [...folders].flatMap((folder) => {
      const override = overrideAt(scopes, folder);
      return override === null ? [] : (this.#in(folder, names, override) ?? []);
    });
  }

  /** Of several names, the first one that is there counts alone. */
  #in(folder: string, names: readonly string[], override: Override): Directive | null {
    for (const name of names) {
      const file = `${folder.replace(/\/$/u, '')}/${name}`;
      const key = JSON.stringify([file, [...override.categories], override.options && [...override.options], [...override.list], [...override.passes]]);
      let section = this.#read.get(key);
      if (section === undefined) this.#read.set(key, section = this.#section(folder, file, override));
      if (section !== null) return section;
    }
    return null;
  }

  /** Null where there is no such file. */
  #section(folder: string, file: string, override: Override): Directive | null {
    const place = { file, line: 1, via: null };
    const make = (children: readonly Directive[]): Directive => new Directive('Directory', `"${folder.replace(/["\\]/gu, '\\$&')}"`, place, 1, [], children);
    const refuse = (message: string, hint?: string): Directive => {
      this.notes.fault({ ...place, line: 0 }, message, hint);
      return make([]);
    };
    const kind = this.sources.kind(file);
    if (kind === null) return null;
    if (kind === 'link') return refuse('it is a link, and is not followed', 'put the file itself there');
    const text = kind === 'file' ? this.sources.read(file) : null;
    if (text === null) return refuse('it is no regular file: Apache serves nothing below it');
    if (text.length > LONGEST) return refuse('it has more than 1 MiB');
    if (text.startsWith('\uFEFF')) return refuse('it begins with a byte order mark: Apache answers 500');
    const long = rawLines(text).find((line) => line.text.length > LONGEST_LINE);
    if (long !== undefined) return refuse(`line ${long.line} has more than ${LONGEST_LINE} characters: Apache answers 500`);
    if (text.endsWith('\\')) return refuse('its last line ends with a backslash: Apache answers 500');
    return make(this.reader.readOverride(file, text, (directive, isSection, open) => {
      const verdict = judge(override, directive, isSection, open);
      if (verdict.end === 'fault') this.notes.fault(directive.place, verdict.text, verdict.hint);
      else if (verdict.end === 'passed') this.notes.warn(directive.place, verdict.text);
      return verdict.end === 'counts';
    }));
  }
}

/** The script that an alias leads to: of another Alias, nothing is asked here. */
function scriptOf({ name, words: [path = '', target = ''] }: Directive, scopes: Scopes): readonly string[] {
  if (name === 'wsgiscriptaliasmatch') return [target.replace(/\$\d.*$/su, '')];
  return name === 'wsgiscriptalias' || SCRIPT.test(target) || wsgiHandler(scopes, path, target) !== null ? [target] : [];
}

/** From outside to inside. */
function foldersOf(file: string): readonly string[] {
  const parts = file.split('/').slice(1, -1);
  return ['/', ...parts.map((_, at) => `/${parts.slice(0, at + 1).join('/')}`)];
}
