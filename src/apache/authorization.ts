import type { FrontHeaders } from '../proxy/front.js';
import type { Context } from './context.js';
import { effective, isBelow, locationPath } from './scope.js';
import type { Route, SiteRoutes } from './routes.js';

/** Whether the app got the Authorization header: mod_wsgi passes it where it is told to. */
export function authorizationOf({ scopes }: SiteRoutes, { mount, target, path }: Route, { endings }: Context): FrontHeaders['authorization'] {
  const option = mount.options['pass-authorization'];
  if (option !== undefined) return /^on$/iu.test(option) ? 'pass' : 'drop';
  const at = (url: string): boolean => {
    const directive = effective(scopes, { ...target, url }, 'wsgipassauthorization');
    if (directive !== null) endings.proxy(directive, 'RequestHeader unset Authorization, or not');
    return /^on$/iu.test(directive?.words[0] ?? '');
  };
  if (at(target.url) || rewritten(scopes, target.url)) return 'pass';
  const names = new Set(['wsgipassauthorization', 'rewriterule']);
  const only = scopes.filter(({ directives, sections, constant }) => constant && sections.length === 1 && directives.some(({ name }) => names.has(name)))
    .map(({ sections: [section] }) => (section === undefined ? null : locationPath(section)))
    .filter((one): one is string => one !== null && path !== null && isBelow(one, path) && (at(one) || rewritten(scopes, one)));
  return only.length === 0 ? 'drop' : { only: [...new Set(only)] };
}

/** The old way to the same: RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}], or SetEnvIf. */
function rewritten(scopes: SiteRoutes['scopes'], url: string): boolean {
  return scopes.some((scope) => scope.constant && scope.matches({ url, file: '' }) && scope.directives.some(({ name, text }) => /^(rewriterule|setenvif)$/u.test(name) && /HTTP_AUTHORIZATION/u.test(text)));
}
