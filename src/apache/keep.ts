import type { Site } from './context.js';
import type { Directive } from './directive.js';
import type { Place } from './place.js';
import type { Scopes } from './scopes.js';
import { locationPath, locationRegex } from './section.js';

/** What Apache goes on doing itself, though it lies below a mount. */
export interface Keep {
  readonly path: string | null;
  readonly regex: string | null;
  readonly why: string;
  readonly place: Place;
}

const PATHS = new Set(['alias', 'scriptalias', 'redirect', 'redirectpermanent', 'redirecttemp']);
const EXPRESSIONS = new Set(['aliasmatch', 'scriptaliasmatch', 'redirectmatch']);

/** mod_alias is asked before mod_wsgi, wherever it stands in the file; but mod_proxy is asked before mod_alias. */
export function keepsOf(site: Site): readonly Keep[] {
  const found = new Map<string, Keep>();
  for (const { scope: { sections: [section, second], constant }, directive } of site.scopes.named(...PATHS, ...EXPRESSIONS, 'sethandler')) {
    if (!constant || second !== undefined) continue;
    const one = section === undefined ? atServer(directive, site) : atLocation(directive, locationPath(section), locationRegex(section));
    const key = JSON.stringify([one?.path, one?.regex]);
    if (one !== null && !found.has(key)) found.set(key, one);
  }
  return [...found.values()];
}

function atServer(directive: Directive, site: Site): Keep | null {
  const { name, written, place } = directive;
  const words = name === 'redirect' || name === 'redirectmatch' ? withoutStatus(directive.words) : directive.words;
  const [from = '', to = ''] = words;
  if (EXPRESSIONS.has(name)) return { path: null, regex: from, why: written, place };
  if (!PATHS.has(name) || !from.startsWith('/') || wsgiHandler(site.scopes, from, to) !== null) return null;
  // All that goes through here would be the whole site, such as a redirect to https.
  return { path: from.length > 1 ? from.replace(/\/$/u, '') : from, regex: null, why: written, place };
}

/** A handler of its own for a part of the URLs, such as server-status. */
function atLocation({ name, written, words, place }: Directive, path: string | null, regex: string | null): Keep | null {
  const [handler = ''] = words;
  const own = name === 'sethandler' && handler !== 'wsgi-script';
  if (!own || (path === null && regex === null)) return null;
  return { path, regex, why: `${written} ${handler}`, place };
}

function withoutStatus(words: readonly string[]): readonly string[] {
  return /^(permanent|temp|seeother|gone|\d{3})$/u.test(words[0] ?? '') ? words.slice(1) : words;
}

/** Whether a directive has mod_wsgi run files because of their names or places. */
export function isWsgiHandler({ name, words }: Directive): boolean {
  return /^(sethandler|addhandler|forcetype|addtype)$/u.test(name) && (words[0] === 'wsgi-script' || words[0] === 'application/x-httpd-wsgi');
}

/** What has mod_wsgi run the file that an Alias leads to, or null. */
export function wsgiHandler(scopes: Scopes, url: string, file: string): Directive | null {
  const target = { url, file };
  const handler = scopes.effective(target, 'sethandler');
  if (handler !== null) return isWsgiHandler(handler) ? handler : null;
  const added = scopes.effective(target, 'addhandler');
  return added !== null && isWsgiHandler(added) && added.words.slice(1).some((one) => file.endsWith(`.${one.replace(/^\./u, '')}`)) ? added : null;
}
