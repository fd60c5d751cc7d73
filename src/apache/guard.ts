import type { Guard } from '../proxy/front.js';
import type { Context, Site } from './context.js';
import { Directive } from './directive.js';
import type { Endings } from './endings.js';
import type { Notes } from './notes.js';
import { showPlace } from './place.js';
import type { Scope } from './scope.js';
import type { Scopes } from './scopes.js';
import { isLocation, type Target } from './section.js';

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

/** What says who may ask, besides: by certificates, sessions, or other modules. */
const DECIDES = /^(sslrequire(ssl)?|sslverifyclient|sslca.*|sslusername|session|anonymous|lua|mdrequire|wsgi(access|auth|user|group)|shib|mellon|oidc|gssapi|krb|cas)/u;
/** What a rule may look at: `Require env`, `Allow from env=`, `Require expr`. */
const SETS = /^(setenvif|browsermatch)/u;

/**
 * What <Directory> and <Files> said of a script besides, above all who may ask for it: lines for the <ProxyMatch> of its app.
 * Else a site that was closed there would be open when Apache finds no file any more.
 */
export function guardOf(name: string, { scopes }: Site, target: Target, { endings, notes }: Context): Guard {
  const holding = scopes.sectionedAt(target).filter(({ sections }) => sections.every((one) => BY_FILE.test(one.name)));
  const all = merged(holding);
  const others = new Set(holding.filter(({ overriding }) => overriding).flatMap(({ sections }) => saidBy(sections.at(-1)).map(({ place }) => place)));
  if (others.size > 0) {
    const configured = rulesOf(merged(holding.filter(({ overriding }) => !overriding)).flat());
    // A <Location> takes the place of every Require in a .htaccess, but not of its Satisfy or AuthUserFile.
    const withLocations = [...configured, ...rulesOf(locationsAt(scopes, target))];
    for (const one of all.flat()) {
      const isRequire = leaves(one).every((leaf) => kind(leaf) === 'grant');
      if (others.has(one.place)) sayOverruled(one, isRequire ? configured : withLocations, name, notes);
    }
  }
  // An AuthType without any Require is an error of the server, wherever it stands.
  const authType = scopes.named('authtype').length > 0;
  const open = openKinds(all.flat());
  const isNothing = (one: Directive): boolean => !isLimit(one) && !(authType && kind(one) === 'grant') && open.has(kind(one));
  const meant = all.length > 1 ? all : all.map((some) => some.filter((one) => !isNothing(one)));
  return meant.map((directives) => directives.flatMap((one) => carry(one, name, endings, notes))).filter((some) => some.length > 0);
}

function saidBy(section: Directive | undefined): readonly Directive[] {
  return (section?.children ?? []).filter((one) => !BY_FILE.test(one.name) && !FILES_ONLY.test(one.name));
}

/** What sections come to together, from outside to inside: in one list, or in several where Apache itself puts them together. */
function merged(scopes: readonly Scope[]): readonly (readonly Directive[])[] {
  const said = [...new Set(scopes.map(({ sections }) => sections.at(-1)))].map(saidBy);
  const merging = said.flat().some(({ name, text }) => name === 'authmerging' && !/^off$/iu.test(text.trim()));
  const last = new Map(said.flatMap((directives, at) => directives.flatMap(leaves).map((one) => [kind(one), at] as const)));
  const isOverruled = (one: Directive, at: number): boolean => ACCESS.test(one.name) && last.get(kind(one)) !== at && !(merging && /^(grant|authmerging)$/u.test(kind(one)));
  const kept = said.map((directives, at) => directives.flatMap((one) => without(one, (leaf) => isOverruled(leaf, at))));
  return merging ? kept : [kept.flat()];
}

function locationsAt(scopes: Scopes, target: Target): readonly Directive[] {
  const near = scopes.all.filter((scope) => !scope.overriding && scope.sections.some(isLocation) && scope.touches(target));
  return near.flatMap(({ directives }) => directives);
}

/** What has a say in who may ask, without what lets everybody in. */
function rulesOf(directives: readonly Directive[]): readonly Directive[] {
  const open = openKinds(directives);
  return directives.filter((one) => decides(one) && !open.has(kind(one)));
}

/** The account that a site runs as can write its .htaccess: where that has a say in who may ask, the administrator is to know. */
function sayOverruled(one: Directive, rules: readonly Directive[], name: string, notes: Notes): void {
  const rule = decides(one) ? rules[0] : sets(one) ? rules.find(({ text }) => /\b(?:env|reqenv|expr)\b|%\{/u.test(text)) : undefined;
  if (rule === undefined) return;
  const shown = (directive: Directive): string => (directive.isSection ? `<${directive.written}>` : directive.written);
  notes.warn(
    one.place, `${shown(one)} has a say in who may ask for the app ${name}, besides ${shown(rule)} of ${showPlace(rule.place)} or in place of it`,
    'so it was in Apache, and is carried; to leave the configuration alone, say AllowOverride None in its <Directory> and import again',
  );
}

function decides(one: Directive): boolean {
  return ACCESS.test(one.name) || DECIDES.test(one.name) || (one.children ?? []).some(decides);
}

function sets(one: Directive): boolean {
  return SETS.test(one.name) || (one.children ?? []).some(sets);
}

function carry(one: Directive, name: string, endings: Endings, notes: Notes): readonly string[] {
  if (one.name.startsWith('rewrite')) {
    endings.left(one, 'in <Directory> it saw the path of the script, and what is proxied has none', 'write it for the server or virtual host, where it sees the URL');
    return [];
  }
  if (AUTH_SCRIPT.test(one.name)) endings.left(one, `it goes on running inside Apache: <ProxyMatch> of the app ${name}`, 'keep mod_wsgi loaded for it: do not disable it');
  else endings.proxy(one, `<ProxyMatch> of the app ${name}: no <Directory> is looked at for what is proxied`, one.isSection ? `<${one.written}>` : one.written);
  return lines(one, notes);
}

function kind({ name }: Directive): string {
  if (/^requir/u.test(name)) return 'grant';
  // All of mod_access_compat's in a section takes the place of all of it further out.
  return /^(order|allow|deny|satisfy)$/u.test(name) ? 'compat' : name;
}

function isLimit({ name }: Directive): boolean {
  return name === 'limit' || name === 'limitexcept';
}

/** The kinds that are said together to let everybody in. */
function openKinds(all: readonly Directive[]): ReadonlySet<string> {
  const kinds = new Map<string, Directive[]>();
  for (const one of all) {
    for (const each of new Set(leaves(one).map(kind))) {
      const some = kinds.get(each) ?? [];
      kinds.set(each, some);
      some.push(one);
    }
  }
  return new Set([...kinds].filter(([, some]) => isOpen(some)).map(([each]) => each));
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
  const says = ({ words }: Directive, what: string): boolean => words.join(' ').toLowerCase() === what;
  const [first] = access;
  if (first !== undefined && kind(first) === 'grant') return access.length === 1 && says(first, 'all granted');
  return access.some((one) => one.name === 'allow' && says(one, 'from all')) && access.every(({ name }) => name === 'order' || name === 'allow');
}

function lines({ written, text, place, children }: Directive, notes: Notes): readonly string[] {
  // It would go on with the line below it, which may be the one that closes the site.
  if (text.endsWith('\\')) notes.fault(place, `${written} ends with a backslash, which would go on with the line below it`, 'take it away, or the spaces behind it');
  if (children !== null && /^(?:perl|lua)/iu.test(written)) notes.fault(place, `<${written}> holds a program, which cannot be carried`, 'let it stand in a file of its own');
  if (text.includes('\uFFFD')) notes.fault(place, `${written} holds bytes that are no UTF-8, and cannot be carried`, 'write the file in UTF-8');
  const rest = text === '' ? '' : ` ${text}`;
  if (children === null) return [`${written}${rest}`];
  return [`<${written}${rest}>`, ...children.filter(({ name }) => !FILES_ONLY.test(name)).flatMap((one) => lines(one, notes)).map((line) => `    ${line}`), `</${written}>`];
}
