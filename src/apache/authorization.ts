import type { FrontHeaders } from '../proxy/front.js';
import type { Context } from './context.js';
import type { Directive } from './directive.js';
import type { Route, SiteRoutes } from './routes.js';

/** Whether the app got the Authorization header: mod_wsgi passes it where it is told to. */
export function authorizationOf(site: SiteRoutes, route: Route, context: Context): FrontHeaders['authorization'] {
  let found = context.authorizations.get(route);
  if (found === undefined) context.authorizations.set(route, found = find(site, route, context));
  return found;
}

function find({ scopes }: SiteRoutes, { mount, target, path }: Route, { endings }: Context): FrontHeaders['authorization'] {
  const option = mount.options['pass-authorization'];
  if (option !== undefined) return /^on$/iu.test(option) ? 'pass' : 'drop';
  const at = (url: string): boolean => {
    const directive = scopes.effective({ ...target, url }, 'wsgipassauthorization');
    const on = /^on$/iu.test(directive?.words[0] ?? '');
    if (directive !== null) endings.proxy(directive, on ? 'the Authorization header is passed on' : 'RequestHeader unset Authorization');
    return on;
  };
  const old = (url: string): boolean => {
    const directive = rewritten(scopes, url);
    if (directive !== undefined) endings.proxy(directive, 'the Authorization header is passed on there');
    return directive !== undefined;
  };
  if (at(target.url) || old(target.url)) return 'pass';
  const only = path === null ? [] : scopes.locationsBelow(path, 'wsgipassauthorization', 'rewriterule').filter((one) => at(one) || old(one));
  return only.length === 0 ? 'drop' : { only: only.map((one) => ({ path: one })) };
}

/** The old way to the same: RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}], or SetEnvIf. */
function rewritten(scopes: SiteRoutes['scopes'], url: string): Directive | undefined {
  return scopes.said({ url, file: '' }, 'rewriterule', 'setenvif', 'setenvifnocase').find(({ text }) => /HTTP_AUTHORIZATION[=:]/u.test(text));
}
