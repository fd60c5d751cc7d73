import type { Context } from './context.js';
import type { Directive } from './directive.js';
import { Ini } from './ini.js';
import { plain } from './notes.js';
import type { Scopes } from './scopes.js';
import type { Target } from './section.js';

/** Places where an app's environ is made: its routes, and the sections below them that say something of their own. */
export interface Spot {
  readonly scopes: Scopes;
  readonly target: Target;
}

const SETTERS = ['setenv', 'unsetenv', 'passenv'];

/** What mod_env itself understands: such a variable means something to Apache, and stays there. */
const APACHES = /^(no-|force-|nokeepalive|dont-vary|downgrade|suppress-|proxy-|ssl-unclean|redirect-|gzip|static|verbose|session-|UNIQUE_ID$)/u;

/** Spots below a path at which SetEnv and the like may say something else. */
export function spotsBelow(scopes: Scopes, path: string, file: string): readonly Spot[] {
  return scopes.locationsBelow(path, ...SETTERS).map((url) => ({ scopes, target: { url, file } }));
}

/** Writes what is the same at all spots into [environ]; for what is not, Apache tells the value in a header. */
export function carryEnviron(ini: Ini, spots: readonly Spot[], variables: Set<string>, context: Context): void {
  const all = spots.map((spot) => environAt(spot, context));
  for (const name of new Set(all.flatMap((environ) => [...environ.keys()]))) {
    const said = all.map((environ) => environ.get(name));
    const by = said.find((one) => one !== undefined)?.directive;
    if (by === undefined) continue;
    const values = new Set(said.map((one) => one?.value ?? null));
    const [value] = values;
    const what = `${by.written} ${plain(name)}`;
    if (APACHES.test(name)) context.endings.left(by, 'it means something to Apache itself, where it stays', undefined, what);
    else if (!/^[A-Za-z_]\w*$/u.test(name) || /^HTTP_/u.test(name)) context.endings.left(by, `${plain(name)} cannot stand in [environ]`, 'put it into the environ by the script', what);
    else if (values.size > 1 || value === null || value === undefined) tell(name, by, what, variables, context);
    else if (!Ini.holds(value)) context.endings.left(by, 'an INI file cannot hold its value', 'set it in the script', what);
    else {
      ini.set('environ', name, value);
      for (const one of new Set(said.map((each) => each?.directive ?? by))) context.endings.carried(one, `[environ] ${name}`, what);
    }
  }
}

/** The value depends on the URL, or on Apache's environment. */
function tell(name: string, by: Directive, what: string, variables: Set<string>, { endings }: Context): void {
  if (!/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/u.test(name)) {
    endings.left(by, 'it differs by URL, and its name cannot be told in a header', 'give each app a value of its own in [environ]', what);
    return;
  }
  variables.add(name);
  const why = by.name === 'passenv' ? "its value stands in Apache's own environment, such as /etc/apache2/envvars" : 'it is not the same everywhere';
  endings.proxy(by, `[proxy] variables: ${why}, so Apache, where it stays, tells the value with each request`, what);
}

function environAt({ scopes, target }: Spot, context: Context): ReadonlyMap<string, { readonly value: string | null; readonly directive: Directive }> {
  const environ = new Map<string, { value: string | null; directive: Directive }>();
  for (const directive of scopes.said(target, ...SETTERS)) {
    const { name, words } = directive;
    if (name === 'setenv' && words[0] !== undefined) environ.set(words[0], { value: words[1] ?? '', directive });
    else if (name === 'passenv') for (const word of words) environ.set(word, { value: context.envvars.environment.get(word) ?? null, directive });
    else if (name === 'unsetenv') {
      for (const word of words) environ.delete(word);
      context.endings.left(directive, 'the environ of a worker holds no such variable of Apache', undefined, `UnsetEnv ${words.join(' ')}`);
    }
  }
  return environ;
}
