import type { Directive } from './directive.js';
import type { Held, Scopes } from './scopes.js';
import type { Target } from './section.js';

/** The AuthType (or SSLUserName) by which a user may be known to Apache in or below a path, or null. */
export function loginOf(scopes: Scopes, target: Target): Directive | null {
  const isNear = ({ scope }: Held): boolean => scope.touches(target);
  const logins = scopes.named('authtype', 'sslusername').filter(isNear);
  // The two may stand in different sections.
  const required = logins.length > 0 && scopes.named('require').some((one) => !/^all$/iu.test(one.directive.words[0] ?? '') && isNear(one));
  return logins.find(({ directive: { name, words } }) => name === 'sslusername' || (required && !/^none$/iu.test(words[0] ?? '')))?.directive ?? null;
}

/** Modules that put more than REMOTE_USER into the environ, with the names as far as the configuration tells them. */
export function foreignVariables(scopes: Scopes, target: Target): readonly { readonly directive: Directive; readonly names: readonly string[] }[] {
  return scopes.named(...SETTERS).filter(({ scope }) => scope.touches(target)).flatMap(({ directive }) => {
    const names = namesOf(directive);
    return names.length === 0 ? [] : [{ directive, names }];
  });
}

const SETTERS = ['mellonsetenv', 'mellonsetenvnoprefix', 'ssloptions', 'setenvif', 'setenvifnocase', 'browsermatch', 'browsermatchnocase', 'rewriterule'];

/** What says by HTTPS=on that a request came by https: mod_wsgi made wsgi.url_scheme of it. */
export function schemeBy(scopes: Scopes, target: Target): readonly Directive[] {
  return scopes.said(target, 'setenvif', 'setenvifnocase').filter(({ words }) => words.slice(2).some((word) => word.startsWith('HTTPS')));
}

function namesOf({ name, words, text }: Directive): readonly string[] {
  if (name === 'mellonsetenv') return [`MELLON_${words[0] ?? ''}`];
  if (name === 'mellonsetenvnoprefix') return [words[0] ?? ''];
  if (name === 'ssloptions' && /\+?(StdEnvVars|ExportCertData)/iu.test(text)) return ['SSL_CLIENT_S_DN', 'SSL_CLIENT_VERIFY'];
  if (name === 'setenvif' || name === 'setenvifnocase') return words.slice(2).map(variable).filter((one) => one !== 'HTTPS' && one !== '');
  if (name === 'browsermatch' || name === 'browsermatchnocase') return words.slice(1).map(variable).filter((one) => /^[A-Z][A-Z0-9_]*$/u.test(one));
  if (name === 'rewriterule') return environmentFlags(words[2] ?? '');
  return [];
}

function variable(word: string): string {
  return word.startsWith('!') ? '' : word.replace(/=.*$/su, '');
}

/** `[E=NAME:value]`; the one that mod_wsgi's Authorization was passed by is known elsewhere. */
function environmentFlags(flags: string): readonly string[] {
  return [...flags.matchAll(/[[,]\s*(?:E|env)=([A-Za-z_]\w*)/gu)].map(([, name = '']) => name).filter((name) => name !== 'HTTP_AUTHORIZATION');
}
