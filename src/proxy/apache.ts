import { proofInclude } from '../config/proof.js';
import { variableHeader } from '../config/variable.js';
import { DISBELIEVED, type Front, type FrontApp, type FrontHeaders, type FrontRoute, type Match } from './front.js';

/** What templates/apache.conf.hbs is rendered from: everything quoted for Apache. */
export interface ApacheView {
  readonly inherits: boolean;
  readonly title: string;
  readonly modules: string;
  readonly remarks: readonly string[];
  readonly workers: readonly { readonly url: string; readonly parameters: string }[];
  readonly guards: readonly { readonly match: string; readonly lines: readonly string[] }[];
  readonly routes: readonly string[];
  readonly forgeable: readonly string[];
  readonly proofs: readonly { readonly match: string; readonly file: string }[];
  readonly statics: readonly { readonly url: string; readonly directory: string; readonly trusted: string | null }[];
  readonly sections: readonly { readonly open: string; readonly close: string; readonly headers: readonly string[] }[];
  readonly errorOverride: boolean;
  /** Headers that no client may send to an app; none where whoever is in front is believed. */
  readonly disbelieved: readonly string[];
}

export function apacheView({ title, remarks, inherits, routes, statics, headers, guards, errorOverride, disbelieves }: Front): ApacheView {
  return {
    inherits, title: inComment(title), remarks: remarks.map(inComment),
    modules: `proxy proxy_http headers${headers.some(({ variables }) => variables.some(isOfSsl)) ? ' ssl' : ''}`,
    workers: appsOf(routes).map(worker),
    guards: appsOf(routes).flatMap((app) => (guards.get(app.name) ?? []).map((lines) => ({ match: proxied(app), lines }))),
    routes: routes.map(route),
    forgeable: [...new Set(headers.flatMap(({ variables }) => variables.map(variableHeader)))],
    proofs: appsOf(routes).flatMap((app) => (app.proof === null ? [] : [{ match: proxied(app), file: quote(proofInclude(app.proof, 'apache')) }])),
    statics: statics.map(({ url, directory, trusted }) => ({ url: quote(url), directory: quote(directory), trusted: trusted === directory ? null : quote(trusted) })),
    sections: uncovered(headers).map(section),
    errorOverride,
    // mod_proxy adds its own word to what is left of these.
    disbelieved: disbelieves ? ['X-Forwarded-Host', ...DISBELIEVED] : [],
  };
}

function route(one: FrontRoute): string {
  const [directive, subject] = 'path' in one ? ['ProxyPass', quote(one.path)] : ['ProxyPassMatch', quote(one.regex)];
  if ('keep' in one) return `${directive} ${subject} !`;
  // The app sees the whole path: it takes its mount off itself. mod_proxy escapes it.
  return `${directive} ${subject} ${quote(`${origin(one.app)}${'path' in one ? one.path : ''}`)}`;
}

/** One for each app: all its routes are below its URL. */
function worker(app: FrontApp): ApacheView['workers'][number] {
  const connect = app.connectTimeout === null ? '' : `connectiontimeout=${app.connectTimeout} `;
  return { url: quote(`${origin(app)}/`), parameters: `${connect}timeout=${app.timeout} retry=0 disablereuse=on` };
}

function appsOf(routes: readonly FrontRoute[]): readonly FrontApp[] {
  const apps = new Map<string, FrontApp>();
  for (const one of routes) if ('app' in one && !apps.has(one.app.name)) apps.set(one.app.name, one.app);
  return [...apps.values()];
}

/**
 * mod_proxy tells workers apart by their URL alone, without the socket: so each app has a host of its own, which is never
 * looked up.
 */
function origin({ address, name }: FrontApp): string {
  return address.startsWith('/') ? `unix:${address}|http://${name.replaceAll('_', '-5f-')}.wsgi` : `http://${address}`;
}

/** What Apache calls requests that go to an app, once it has looked up the socket: versions differ in when that is. */
function proxied(app: FrontApp): string {
  return quote(`^(unix:[^|]*\\|)?${escapeRegex(origin(app).replace(/^unix:[^|]*\|/u, ''))}(/|$)`);
}

function section({ match, variables, authorization }: FrontHeaders): ApacheView['sections'][number] {
  const { open, close } = sectionOf(match);
  return { open, close, headers: [...variables.map(variable), ...drop(authorization)] };
}

/** Without those of which another one, further up, says the same. */
function uncovered(headers: readonly FrontHeaders[]): readonly FrontHeaders[] {
  const key = ({ variables, authorization }: FrontHeaders, path: string): string => JSON.stringify([variables, authorization, path]);
  const said = new Set(headers.flatMap((one) => ('path' in one.match ? [key(one, one.match.path)] : [])));
  return headers.filter((one) => !above(one.match).some((path) => said.has(key(one, path))));
}

/** The paths that a path lies below; of an expression, only / is sure. */
function above(match: Match): readonly string[] {
  if (!('path' in match)) return ['/'];
  const { path } = match;
  return path === '/' ? [] : ['/', ...[...path].flatMap((char, at) => (char === '/' && at > 0 ? [path.slice(0, at)] : []))];
}

function sectionOf(match: Match): { open: string; close: string } {
  // What is below a path with wildcards, taken literally, only an expression can say.
  if ('path' in match && /[*?[]/u.test(match.path)) return sectionOf({ regex: `^${escapeRegex(match.path)}(/|$)` });
  return 'path' in match
    ? { open: `<Location ${quote(match.path)}>`, close: '</Location>' }
    : { open: `<LocationMatch ${quote(match.regex)}>`, close: '</LocationMatch>' };
}

/** Always set, if only to nothing: so what a client sends under that name never arrives. */
function variable(name: string): string {
  const value = isOfSsl(name) ? `%{SSL:${name}}` : KNOWN.has(name) ? `%{${name}}` : `%{reqenv:${name}}`;
  return `RequestHeader set ${variableHeader(name)} "expr=${value}"`;
}

/** An expression can only ask for these where mod_ssl is loaded. */
function isOfSsl(name: string): boolean {
  return name.startsWith('SSL_');
}

/** Variables that Apache's expressions know by their own names; all others are looked up in the request's environment. */
const KNOWN = new Set(['REMOTE_USER', 'REMOTE_ADDR', 'REMOTE_HOST', 'REMOTE_IDENT', 'REMOTE_PORT', 'AUTH_TYPE', 'SERVER_ADMIN', 'SERVER_NAME', 'SERVER_PORT', 'DOCUMENT_ROOT', 'REQUEST_SCHEME', 'REQUEST_URI', 'HTTPS']);

function drop(authorization: FrontHeaders['authorization']): string[] {
  if (authorization === 'pass') return [];
  if (authorization === 'drop') return ['RequestHeader unset Authorization'];
  const paths = authorization.only.flatMap((one) => ('path' in one ? [escapeRegex(one.path)] : []));
  const regexes = authorization.only.flatMap((one) => ('regex' in one ? [one.regex.replaceAll('#', '\\x23')] : []));
  const all = [...(paths.length === 0 ? [] : [`^(${paths.join('|')})(/|$)`]), ...regexes];
  return [`RequestHeader unset Authorization ${quote(`expr=! (%{REQUEST_URI} =~ m#${all.join('|')}#)`)}`];
}

/** Without `#`, by which an expression may be enclosed, and which nothing can escape there. */
export function escapeRegex(text: string): string {
  return text.replace(/[.*+?^$()[\]{}|\\]/gu, '\\$&').replaceAll('#', '\\x23');
}

/** One line, whatever a path or a server's name holds. */
function inComment(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]|\\$/gu, ' ');
}

/** A word as Apache's configuration takes it. */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/gu, '\\$&')}"`;
}
