import { frontApp } from '../proxy/app-front.js';
import type { Front, FrontHeaders, FrontRoute, Match } from '../proxy/front.js';
import type { App } from './apps.js';
import { authorizationOf } from './authorization.js';
import type { Context } from './context.js';
import { guardOf } from './guard.js';
import type { Keep } from './keep.js';
import { showPlace } from './place.js';
import { sameApp, within, type Route, type SiteRoutes } from './routes.js';
import { effective, isBelow, locationPath, locationRegex, pathsWith } from './scope.js';
import { showServer } from './servers.js';

/**
 * What replaces the directives of mod_wsgi in a server; null where no app is asked, and none would be. `main`: the routes
 * of the main server, which mod_proxy would put first in every virtual host, where mod_wsgi put them last.
 */
export function frontOfSite(site: SiteRoutes, main: SiteRoutes, apps: readonly App[], context: Context): Front | null {
  const appOf = ({ choice }: Route): App | undefined => apps.find((app) => sameApp(app.choice, choice));
  const routes = site.routes.filter((route) => appOf(route) !== undefined);
  const inherits = site.server.isMain || !main.routes.some((route) => appOf(route) !== undefined);
  if (routes.length === 0 && inherits) return null;
  const kept = site.keeps.filter((keep) => routes.some((route) => concerns(keep, route)));
  const asked = routes.flatMap((route): FrontRoute[] => {
    const app = appOf(route);
    return app === undefined ? [] : [{ ...matchOf(route), app: frontApp(app.config, `/run/wsgi/${app.name}.sock`) }];
  });
  const proxied = otherProxies(site);
  const headers = routes.flatMap((route) => headersOf(route, site, routes, appOf(route) as App, proxied.map(({ match }) => match), context));
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
      return app === undefined ? [] : [[app.name, guardOf(app.name, site, route.target, context.endings)] as const];
    })),
    errorOverride: routes.some(({ target }) => {
      const directive = effective(site.scopes, target, 'wsgierroroverride');
      if (directive !== null) context.endings.proxy(directive, 'ProxyErrorOverride');
      return /^on$/iu.test(directive?.words[0] ?? '');
    }),
  };
}

function matchOf({ path, regex }: { readonly path: string | null; readonly regex: string | null }): Match {
  return path === null ? { regex: regex ?? '' } : { path };
}

function concerns(keep: Keep, route: Route): boolean {
  return keep.path === null || route.path === null || isBelow(keep.path, route.path);
}

/** What Apache proxies already, below which it is not for us to take headers away. */
function otherProxies({ scopes, server }: SiteRoutes): readonly OtherProxy[] {
  return scopes.filter(({ constant }) => constant).flatMap(({ directives, sections }) => {
    const section = sections.at(-1);
    return directives.filter(({ name }) => name === 'proxypass' || name === 'proxypassmatch').flatMap((directive): OtherProxy[] => {
      const { name, written, words, place } = directive;
      const [first = ''] = words;
      const path = section !== undefined ? locationPath(section) : name === 'proxypass' ? first : null;
      const regex = section !== undefined ? locationRegex(section) : name === 'proxypass' ? null : first;
      if (path === null && regex === null) return [];
      return [{ match: matchOf({ path, regex }), written, place: showPlace(place), isMain: !server.directives.includes(directive) }];
    });
  });
}

/** What they proxy depends on more than an expression, so that no exception is made for it. */
function leaveRewrites({ scopes }: SiteRoutes, headers: readonly FrontHeaders[], { endings }: Context): void {
  const drops = headers.flatMap(({ match, authorization }) => (authorization !== 'pass' && 'path' in match ? [match.path] : []));
  for (const { directives, sections } of scopes) {
    if (sections.length > 0) continue;
    for (const directive of directives.filter(({ name }) => name === 'rewriterule')) {
      const [pattern = '', , flags = ''] = directive.words;
      if (!/[[,]\s*(P|proxy)\s*[\],]/u.test(flags) || !drops.some((path) => pattern.startsWith('!') || within(pattern, path) !== null)) continue;
      endings.left(
        directive, 'what it proxies no longer gets the Authorization header, as it lies below an app that does not get it',
        'where that is needed, add its URLs to the exception of RequestHeader unset Authorization: "expr=! (%{REQUEST_URI} =~ m#^/…#)"',
      );
    }
  }
}

interface OtherProxy {
  readonly match: Match;
  readonly written: string;
  readonly place: string;
  readonly isMain: boolean;
}

function headersOf(route: Route, site: SiteRoutes, routes: readonly Route[], app: App, proxied: readonly Match[], context: Context): FrontHeaders[] {
  const { path } = route;
  const authorization = authorizationOf(site, route, context);
  const variables = app.config.proxy.variables ?? [];
  const inside = (paths: readonly (string | null)[]): string[] => (path === null ? [] : paths.filter((one): one is string => one !== null && one !== path && isBelow(one, path)));
  const passed = routes.filter((other) => other !== route && authorizationOf(site, other, context) !== 'drop').map((other) => other.path);
  const proxiedPaths = proxied.map((match) => ('path' in match ? match.path : null));
  const paths = inside([...passed, ...proxiedPaths]).map((one): Match => ({ path: one }));
  const regexes = proxied.filter((match) => 'regex' in match && path !== null && within(match.regex, path) !== null);
  const spared = authorization === 'pass' ? [] : distinct([...(authorization === 'drop' ? [] : authorization.only), ...paths, ...regexes]);
  const own: FrontHeaders = { match: matchOf(route), variables, authorization: spared.length > 0 ? { only: spared } : authorization };
  return [own, ...(authorization === 'pass' ? inside(offBelow(site)).map((one): FrontHeaders => ({ match: { path: one }, variables: [], authorization: 'drop' })) : [])];
}

function distinct(matches: readonly Match[]): readonly Match[] {
  return [...new Map(matches.map((match) => [JSON.stringify(match), match])).values()];
}

/** Sections that take the header away again. */
function offBelow({ scopes }: SiteRoutes): readonly string[] {
  return pathsWith(scopes, ({ name, words }) => name === 'wsgipassauthorization' && /^off$/iu.test(words[0] ?? ''));
}
