import type { Site } from './context.js';
import type { Guard } from '../proxy/front.js';
import { Directive } from './directive.js';
import type { Endings } from './endings.js';
import type { Target } from './scope.js';

/** Sections that go by files: mod_proxy looks at <ProxyMatch> in place of them. */
const BY_FILE = /^(directory|directorymatch|files|filesmatch)$/u;
/** Of these, several in one section are alternatives, but a later section takes the place of an earlier one. */
const ACCESS = /^(auth|requir|satisfy$|order$|allow$|deny$)/u;
/** mod_wsgi's own, which run inside Apache. */
const AUTH_SCRIPT = /^wsgi(accessscript|auth(user|group)script|(user|group)authoritative)$/u;
/** What is about files, or is carried elsewhere. */
const FILES_ONLY = new RegExp(`^(${[
  'wsgi(?!access|auth|user|group).*', 'setenv', 'unsetenv', 'passenv', 'options', 'allowoverride(list)?', 'directory(index|slash).*', 'index.*', 'fallbackresource', 'acceptpathinfo',
  '(add|set|remove)(handler|type|encoding|language|icon.*|alt.*)', 'forcetype', 'defaulttype', 'fileetag', 'enable(sendfile|mmap)', 'checkspelling', 'multiviewsmatch',
  'php_.*', 'xbithack', 'cgi.*', 'script.*',
].join('|')})$`, 'u');

/**
 * What <Directory> and <Files> said of a script besides, above all who may ask for it: lines for the <ProxyMatch> of its app.
 * Else a site that was closed there would be open when Apache finds no file any more.
 */
export function guardOf(name: string, { scopes }: Site, target: Target, endings: Endings): Guard {
  const sections = scopes.flatMap((scope) => {
    const section = scope.sections.at(-1);
    const holds = section !== undefined && scope.constant && scope.sections.every((one) => BY_FILE.test(one.name)) && scope.matches(target);
    return holds ? [section] : [];
  });
  const said = [...new Set(sections)].map((section) => (section.children ?? []).filter((one) => !BY_FILE.test(one.name) && !FILES_ONLY.test(one.name)));
  // Then Apache itself puts the sections together: each stays one.
  const merging = said.flat().some(({ name, text }) => name === 'authmerging' && !/^off$/iu.test(text.trim()));
  const last = new Map(said.flatMap((directives, at) => directives.flatMap(leaves).map((one) => [kind(one), at] as const)));
  const isOverruled = (one: Directive, at: number): boolean => ACCESS.test(one.name) && last.get(kind(one)) !== at && !(merging && /^(grant|authmerging)$/u.test(kind(one)));
  const kept = said.map((directives, at) => directives.flatMap((one) => without(one, (leaf) => isOverruled(leaf, at))));
  // An AuthType without any Require is an error of the server, wherever it stands.
  const authType = scopes.some(({ directives }) => directives.some(({ name: one }) => one === 'authtype'));
  const isNothing = (one: Directive, all: readonly Directive[]): boolean =>
    !isLimit(one) && !(authType && kind(one) === 'grant') && isOpen(all.filter((other) => leaves(other).some((leaf) => kind(leaf) === kind(one))));
  const meant = merging ? kept : [kept.flat()].map((all) => all.filter((one) => !isNothing(one, all)));
  return meant.map((directives) => directives.flatMap((one) => carry(one, name, endings))).filter((some) => some.length > 0);
}

function carry(one: Directive, name: string, endings: Endings): readonly string[] {
  if (one.name.startsWith('rewrite')) {
    endings.left(one, 'in <Directory> it saw the path of the script, and what is proxied has none', 'write it for the server or virtual host, where it sees the URL');
    return [];
  }
  if (AUTH_SCRIPT.test(one.name)) endings.left(one, `it goes on running inside Apache: <ProxyMatch> of the app ${name}`, 'keep mod_wsgi loaded for it: do not disable it');
  else endings.proxy(one, `<ProxyMatch> of the app ${name}: no <Directory> is looked at for what is proxied`, one.isSection ? `<${one.written}>` : one.written);
  return lines(one);
}

function kind({ name }: Directive): string {
  if (/^requir/u.test(name)) return 'grant';
  // All of mod_access_compat's in a section takes the place of all of it further out.
  return /^(order|allow|deny|satisfy)$/u.test(name) ? 'compat' : name;
}

function isLimit({ name }: Directive): boolean {
  return name === 'limit' || name === 'limitexcept';
}

/** <Limit> is about methods: what is in it, is in the section. */
function leaves(one: Directive): readonly Directive[] {
  return isLimit(one) ? (one.children ?? []).flatMap(leaves) : [one];
}

function without(one: Directive, test: (leaf: Directive) => boolean): readonly Directive[] {
  if (!isLimit(one)) return test(one) ? [] : [one];
  const children = (one.children ?? []).flatMap((child) => without(child, test));
  return children.length === 0 ? [] : [new Directive(one.written, one.text, one.place, one.last, one.unknown, children)];
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
