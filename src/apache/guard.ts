import type { Site } from './context.js';
import type { Directive } from './directive.js';
import type { Endings } from './endings.js';
import type { Target } from './scope.js';

/** Sections that go by files: mod_proxy looks at <ProxyMatch> in place of them. */
const BY_FILE = /^(directory|directorymatch|files|filesmatch)$/u;
/** Of these, several in one section are alternatives, but a later section takes the place of an earlier one. */
const ACCESS = /^(auth|requir|satisfy$|order$|allow$|deny$|limit$|limitexcept$)/u;
/** What is about files, or is carried elsewhere. */
const FILES_ONLY = new RegExp(`^(${[
  'wsgi.*', 'setenv', 'unsetenv', 'passenv', 'options', 'allowoverride(list)?', 'directory(index|slash).*', 'index.*', 'fallbackresource', 'acceptpathinfo',
  '(add|set|remove)(handler|type|encoding|language|icon.*|alt.*)', 'forcetype', 'defaulttype', 'fileetag', 'enable(sendfile|mmap)', 'checkspelling', 'multiviewsmatch',
  'php_.*', 'xbithack', 'cgi.*', 'script.*',
].join('|')})$`, 'u');

/**
 * What <Directory> and <Files> said of a script besides, above all who may ask for it: lines for the <ProxyMatch> of its app.
 * Else a site that was closed there would be open when Apache finds no file any more.
 */
export function guardOf(name: string, { scopes }: Site, target: Target, endings: Endings): readonly string[] {
  const sections = scopes.flatMap((scope) => {
    const section = scope.sections.at(-1);
    const holds = section !== undefined && scope.constant && scope.sections.every((one) => BY_FILE.test(one.name)) && scope.matches(target);
    return holds ? [section] : [];
  });
  const said = [...new Set(sections)].map((section) => (section.children ?? []).filter((one) => !BY_FILE.test(one.name) && !FILES_ONLY.test(one.name)));
  const last = new Map(said.flatMap((directives, at) => directives.map((one) => [kind(one), at] as const)));
  const kept = said.flatMap((directives, at) => directives.filter((one) => !ACCESS.test(one.name) || last.get(kind(one)) === at));
  const meant = kept.filter((one) => !isOpen(kept.filter((other) => kind(other) === kind(one))));
  return meant.flatMap((one) => {
    if (one.name.startsWith('rewrite')) {
      endings.left(one, 'in <Directory> it saw the path of the script, and what is proxied has none', 'write it for the server or virtual host, where it sees the URL');
      return [];
    }
    endings.proxy(one, `<ProxyMatch> of the app ${name}: no <Directory> is looked at for what is proxied`, one.isSection ? `<${one.written}>` : one.written);
    return lines(one);
  });
}

function kind({ name }: Directive): string {
  if (/^requir|^limit/u.test(name)) return 'grant';
  return /^(order|allow|deny)$/u.test(name) ? 'order' : name;
}

/** Whether they let everybody in, as it is without them. */
function isOpen(access: readonly Directive[]): boolean {
  const says = ({ text }: Directive, what: string): boolean => text.toLowerCase().trim().split(/\s+/u).join(' ') === what;
  const [first] = access;
  if (first !== undefined && kind(first) === 'grant') return access.length === 1 && says(first, 'all granted');
  return access.some((one) => one.name === 'allow' && says(one, 'from all')) && access.every(({ name }) => name === 'order' || name === 'allow');
}

function lines({ written, text, children }: Directive): readonly string[] {
  const rest = text.trim() === '' ? '' : ` ${text.trim()}`;
  if (children === null) return [`${written}${rest}`];
  return [`<${written}${rest}>`, ...children.filter(({ name }) => !FILES_ONLY.test(name)).flatMap(lines).map((line) => `    ${line}`), `</${written}>`];
}
