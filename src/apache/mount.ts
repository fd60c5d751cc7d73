import type { Directive } from './directive.js';
import type { Notes } from './notes.js';
import { isFlag } from './option.js';
import { regexOf } from './regex.js';

/** A WSGIScriptAlias, or what comes to the same. */
export interface Mount {
  readonly directive: Directive;
  /** The path below which it holds; null where only an expression says it. */
  readonly path: string | null;
  readonly regex: string | null;
  readonly script: string;
  /** What the app finds in SCRIPT_NAME. */
  readonly scriptName: string;
  readonly options: Readonly<Record<string, string>>;
}

/** Whether a variable in it is not defined, which was said: it takes its URLs from later ones, but makes no app. */
export function isHalfKnown({ directive }: Mount): boolean {
  return directive.unknown.length > 0;
}

/** A WSGIScriptAlias that is no app's, or a WSGIScriptAliasMatch; with the reason. */
export interface Unmounted {
  readonly directive: Directive;
  readonly path: string | null;
  readonly regex: string | null;
  readonly reason: string;
  readonly advice: string;
  /** Whose scripts it runs. */
  readonly directory?: string;
}

export function isMount(one: Mount | Unmounted): one is Mount {
  return 'script' in one;
}

const OPTIONS = ['process-group', 'application-group', 'callable-object', 'pass-authorization'];

/** A script is known by its name here: its directory may be another machine's. */
export const SCRIPT = /\.(wsgi|py|pyw|cgi|fcgi|app)$/u;

export function readMounts(directive: Directive, notes: Notes): readonly (Mount | Unmounted)[] {
  const { place, name, written } = directive;
  const words = directive.reader();
  const [location, target] = [words.next(), words.next()];
  if (location === null || target === null || target === '') {
    notes.fault(place, `${written} takes two arguments`, 'the path of URLs, and the script');
    return [];
  }
  const options: Record<string, string> = {};
  let faulty = false;
  const fault = (message: string, hint?: string): void => {
    notes.fault(place, message, hint);
    faulty = true;
  };
  while (words.rest.trim() !== '') {
    const given = words.option();
    const word = given === null ? words.next() ?? '' : given.name;
    if (given === null || !OPTIONS.includes(given.name)) {
      const hint = word.startsWith('#') ? "'#' begins a comment at the start of a line only" : /timeout|processes|threads|user|home|path/u.test(word) ? 'it belongs to WSGIDaemonProcess' : `there is ${OPTIONS.join(', ')}`;
      fault(`'${word}' is no option of ${written}`, hint);
    } else if (given.value === '' || (given.name === 'pass-authorization' && !isFlag(given.value))) {
      fault(given.value === '' ? `${given.name} has no value` : 'pass-authorization must be On or Off');
    } else options[given.name] = given.value;
  }
  if (words.unclosed) fault('a quote is never closed');
  if (faulty) return [];
  return name === 'wsgiscriptaliasmatch' ? expression(directive, location, target, options, notes) : [prefix(directive, location, target, options)];
}

function prefix(directive: Directive, location: string, target: string, options: Mount['options']): Mount | Unmounted {
  const found = splitTarget(target);
  if (found === null) {
    return {
      directive, path: location.replace(/(.)\/$/u, '$1'), regex: null, reason: `${target} is a directory: the URL says which script in it runs`,
      advice: `make an app of each script, with route = ${location.replace(/\/$/u, '')}/NAME`, directory: target.replace(/\/$/u, ''),
    };
  }
  const path = location.length > 1 ? location.replace(/\/$/u, '') : location;
  return { directive, path, regex: null, script: found.script, scriptName: withoutTail(path === '/' ? '' : path, found.tail), options };
}

/** What stands behind the script in the target becomes path. */
function splitTarget(target: string): { readonly script: string; readonly tail: string } | null {
  const parts = target.split('/');
  const at = parts.findIndex((part) => SCRIPT.test(part));
  if (at !== -1) {
    const tail = parts.slice(at + 1).join('/');
    return { script: parts.slice(0, at + 1).join('/'), tail: tail === '' ? '' : `/${tail.replace(/\/$/u, '')}` };
  }
  return target.endsWith('/') ? null : { script: target, tail: '' };
}

function withoutTail(path: string, tail: string): string {
  return tail !== '' && path.endsWith(tail) ? path.slice(0, -tail.length) : path;
}

function expression(directive: Directive, regex: string, target: string, options: Mount['options'], notes: Notes): readonly (Mount | Unmounted)[] {
  if (regexOf(regex) === null) {
    notes.fault(directive.place, `'${regex}' is no regular expression`);
    return [];
  }
  const rest = /^([^$\\]*)\$(\d)$/u.exec(target);
  const script = rest?.[1] ?? target;
  const paths = rest === null ? null : alternatives(regex, Number(rest[2]));
  if (paths !== null && SCRIPT.test(script)) {
    return paths.map((path) => ({ directive, path: path === '' ? '/' : path, regex: null, script, scriptName: path, options }));
  }
  if (rest === null && !/[$\\]\d/u.test(target)) {
    return [{
      directive, path: null, regex, reason: `of ${regex}, mod_wsgi made the whole path SCRIPT_NAME, and PATH_INFO empty`,
      advice: 'mount the app at a path, if it can do without that: mount = /… and route = /… in [proxy]',
    }];
  }
  const why = /[$\\]\d/u.test(script) ? 'the URL says which script runs' : 'no list of paths says the same';
  return [{ directive, path: null, regex, reason: `${regex}: ${why}`, advice: 'make an app of each script, with routes of its own' }];
}

/**
 * The paths that `^/(cs|de)/wiki(/.*)?$` means, if its last group, of that number, is the rest of the path and all else
 * is fixed; null for other expressions.
 */
export function alternatives(regex: string, rest: number): readonly string[] | null {
  const found = /^\^((?:[^()[\]{}*+?|^$\\.]|\\[.\-_/]|\((?:\?:)?[\w/|-]+\))*)\((?:\/\.\*\)\?|\/\.\*\|\$\)|\|\/\.\*\))\$?$/u.exec(regex);
  if (found === null) return null;
  const parts = (found[1] ?? '').match(/\((?:\?:)?[\w/|-]+\)|\\.|[^(\\]+/gu) ?? [];
  const groups = parts.filter((part) => part.startsWith('(') && !part.startsWith('(?:')).length + 1;
  if (groups !== rest) return null;
  const paths = parts.reduce<string[]>((begun, part) => {
    const choices = part.startsWith('(') ? part.replace(/^\((\?:)?|\)$/gu, '').split('|') : [part.replace(/^\\/u, '')];
    return begun.length > 20 ? begun : begun.flatMap((path) => choices.map((choice) => path + choice));
  }, ['']);
  return paths.length > 20 || paths.some((path) => path !== '' && !path.startsWith('/')) ? null : paths.map((path) => path.replace(/\/$/u, ''));
}
