import { frontApp } from '../proxy/app-front.js';
import type { Front, FrontHeaders, FrontRoute, Match } from '../proxy/front.js';
import type { App } from './apps.js';
import { authorizationOf } from './authorization.js';
import type { Context } from './context.js';
import { guardOf } from './guard.js';
import { Paths } from './paths.js';
import { showPlace } from './place.js';
import { appKey, within, type Route, type SiteRoutes } from './routes.js';
import { locationPath, locationRegex, type Target } from './section.js';
import { showServer } from './servers.js';

/**
 * What replaces the directives of mod_wsgi in a server; null where no app is asked, and none would be. `main`: the routes
 * of the main server, which mod_proxy would put first in every virtual host, where mod_wsgi put them last. `apps`: by their
 * keys.
 */
export function frontOfSite(site: SiteRoutes, main: SiteRoutes, apps: ReadonlyMap<string, App>, context: Context): Front | null {
  const appOf = ({ choice }: Route): App | undefined => apps.get(appKey(choice));
  const routes = site.routes.filter((route) => appOf(route) !== undefined);
  const inherits = site.server.isMain || !main.routes.some((route) => appOf(route) !== undefined);
  if (routes.length === 0 && inherits) return null;
  const paths = new Paths<Route>();
  for (const route of routes) if (route.path !== null) paths.add(route.path, route);
  const hasRegex = routes.some(({ path }) => path === null);
  const kept = site.keeps.filter(({ path }) => (path === null ? routes.length > 0 : hasRegex || paths.above(path).length > 0));
  const asked = routes.flatMap((route): FrontRoute[] => {
    const app = appOf(route);
    return app === undefined ? [] : [{ ...matchOf(route), app: frontApp(app.config, `/run/wsgi/${app.name}.sock`) }];
  });
  const proxied = otherProxies(site);
  const others = new Paths<Match>();
  for (const { match } of proxied) others.add('path' in match ? match.path : '', match);
  const headers = routes.flatMap((route) => headersOf(route, site, paths, appOf(route) as App, others, context));
  leaveRewrites(site, headers, context);
  return {
    title: showServer(site.server),
    remarks: [
      ...(site.server.place === null ? [] : [`In <VirtualHost> of ${showPlace(site.server.place)}, at its end.`]),
      ...proxied.map(({ match, written, place, isMain }) => `${written} ${'path' in match ? match.path : match.regex} (${place}) ${isMain && !inherits ? 'is to be repeated before these lines' : 'stays before these lines'}.`),
    ],
    inherits,
    routes: [...kept.map((keep): FrontRoute => ({ ...matchOf(keep), keep: `${keep.why}, ${showPlace(keep.place)}` })), ...asked],
    headers,
    statics: [],
    guards: new Map(routes.flatMap((route) => {
      const app = appOf(route);
      return app === undefined ? [] : [[app.name, guardOf(app.name, site, route.target, context)] as const];
    })),
    // As under mod_wsgi: who stands in front of Apache may be believed.
    disbelieves: false,
    errorOverride: routes.some(({ target }) => {
      const directive = site.scopes.effective(target, 'wsgierroroverride');
      if (directive !== null) context.endings.proxy(directive, 'ProxyErrorOverride');
      return /^on$/iu.test(directive?.words[0] ?? '');
    }),
  };
}

function matchOf({ path, regex }: { readonly path: string | null; readonly regex: string | null }): Match {
  return path === null ? { regex: regex ?? '' } : { path };
}

/** What Apache proxies already, below which it is not for us to take headers away. */
function otherProxies({ scopes, server }: SiteRoutes): readonly OtherProxy[] {
  const own = new Set(server.directives);
  return scopes.named('proxypass', 'proxypassmatch').filter(({ scope }) => scope.constant).flatMap(({ scope, directive }): OtherProxy[] => {
    const section = scope.sections.at(-1);
    const { name, written, words, place } = directive;
    const [first = ''] = words;
    const path = section !== undefined ? locationPath(section) : name === 'proxypass' ? first : null;
    const regex = section !== undefined ? locationRegex(section) : name === 'proxypass' ? null : first;
    if (path === null && regex === null) return [];
    return [{ match: matchOf({ path, regex }), written, place: showPlace(place), isMain: !own.has(directive) }];
  });
}

/** What they proxy depends on more than an expression, so that no exception is made for it. */
function leaveRewrites({ scopes }: SiteRoutes, headers: readonly FrontHeaders[], { endings }: Context): void {
  const drops = headers.flatMap(({ match, authorization }) => (authorization !== 'pass' && 'path' in match ? [match.path] : []));
  for (const { scope: { sections }, directive } of scopes.named('rewriterule')) {
    const [pattern = '', , flags = ''] = directive.words;
    if (sections.length > 0 || !/[[,]\s*(P|proxy)\s*[\],]/u.test(flags) || !drops.some((path) => pattern.startsWith('!') || within(pattern, path) !== null)) continue;
    endings.left(
      directive, 'what it proxies no longer gets the Authorization header, as it lies below an app that does not get it',
      'where that is needed, add its URLs to the exception of RequestHeader unset Authorization: "expr=! (%{REQUEST_URI} =~ m#^/…#)"',
    );
  }
}

interface OtherProxy {
  readonly match: Match;
  readonly written: string;
  readonly place: string;
  readonly isMain: boolean;
}

/** `routes`, `proxied`: by their paths, those of expressions at none. */
function headersOf(route: Route, site: SiteRoutes, routes: Paths<Route>, app: App, proxied: Paths<Match>, context: Context): FrontHeaders[] {
  const { path, target } = route;
  const authorization = authorizationOf(site, route, context);
  const variables = app.config.proxy.variables ?? [];
  const match = matchOf(route);
  if (authorization === 'pass') return [{ match, variables, authorization }, ...offBelow(site, path, target).map((one): FrontHeaders => ({ match: { path: one }, variables: [], authorization: 'drop' }))];
  const passed = path === null ? [] : routes.below(path).filter((other) => other.path !== path && authorizationOf(site, other, context) !== 'drop').map(matchOf);
  const others = path === null ? [] : proxied.below(path).filter((one) => 'path' in one && one.path !== path);
  const regexes = path === null ? [] : proxied.above('').filter((one) => 'regex' in one && within(one.regex, path) !== null);
  const spared = distinct([...(authorization === 'drop' ? [] : authorization.only), ...passed, ...others, ...regexes]);
  return [{ match, variables, authorization: spared.length > 0 ? { only: spared } : authorization }];
}

function distinct(matches: readonly Match[]): readonly Match[] {
  return [...new Map(matches.map((match) => [JSON.stringify(match), match])).values()];
}

/** Sections that take the header away again. */
function offBelow({ scopes }: SiteRoutes, path: string | null, target: Target): readonly string[] {
  const off = (url: string): boolean => /^off$/iu.test(scopes.effective({ ...target, url }, 'wsgipassauthorization')?.words[0] ?? '');
  return path === null ? [] : scopes.locationsBelow(path, 'wsgipassauthorization').filter((one) => one !== path && off(one));
}
