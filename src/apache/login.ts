import type { Directive } from './directive.js';
import { directivesAt, isBelow, locationPath, sectionMatches, type Scope, type Target } from './scope.js';

/** The AuthType (or SSLUserName) by which a user may be known to Apache in or below a path, or null. */
export function loginOf(scopes: readonly Scope[], target: Target): Directive | null {
  const near = scopes.filter(({ sections }) => sections.every((section) => touches(section, target)));
  // The two may stand in different sections.
  const required = near.some(({ directives }) => directives.some(({ name, words }) => name === 'require' && !/^all$/iu.test(words[0] ?? '')));
  const says = ({ name, words }: Directive): boolean => name === 'sslusername' || (required && name === 'authtype' && !/^none$/iu.test(words[0] ?? ''));
  return near.flatMap(({ directives }) => directives).find(says) ?? null;
}

function touches(section: Directive, target: Target): boolean {
  const path = locationPath(section);
  if (path !== null) return isBelow(target.url, path) || isBelow(path, target.url);
  return !/^directory(match)?$/u.test(section.name) || sectionMatches(section, target);
}

/** Modules that put more than REMOTE_USER into the environ, with the names as far as the configuration tells them. */
export function foreignVariables(scopes: readonly Scope[], target: Target): readonly { readonly directive: Directive; readonly names: readonly string[] }[] {
  return scopes.filter(({ sections }) => sections.every((section) => touches(section, target))).flatMap(({ directives }) => directives).flatMap((directive) => {
    const names = namesOf(directive);
    return names.length === 0 ? [] : [{ directive, names }];
  });
}

/** What says by HTTPS=on that a request came by https: mod_wsgi made wsgi.url_scheme of it. */
export function schemeBy(scopes: readonly Scope[], target: Target): readonly Directive[] {
  return directivesAt(scopes, target).filter(({ name, words }) => /^setenvif(nocase)?$/u.test(name) && words.slice(2).some((word) => word.startsWith('HTTPS')));
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
