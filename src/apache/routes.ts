import { escapeRegex } from '../proxy/apache.js';
import { choose, type Choice } from './choice.js';
import type { Context, Site } from './context.js';
import type { Directive } from './directive.js';
import { keepsOf, wsgiHandler, type Keep } from './keep.js';
import { isHalfKnown, isMount, readMounts, type Mount, type Unmounted } from './mount.js';
import { Paths } from './paths.js';
import { showPlace } from './place.js';
import { isBelow, isLocation, locationPath, locationRegex, type Target } from './section.js';

/** URLs of one server that go to one app: of several that match, the first one counts. */
export interface Route {
  readonly path: string | null;
  readonly regex: string | null;
  readonly choice: Choice;
  readonly mount: Mount;
  /** Where its directives are looked up. */
  readonly target: Target;
  /** The <Location> that delegates it; null for the mount itself. */
  readonly section: Directive | null;
}

export interface SiteRoutes extends Site {
  readonly routes: readonly Route[];
  readonly keeps: readonly Keep[];
}

const DELEGATES = new Set(['wsgiprocessgroup', 'wsgicallableobject', 'wsgiapplicationgroup']);

/** `inherited`: what the main server mounts, which a virtual host has after its own. */
export function routesOf(site: Site, own: readonly (Mount | Unmounted)[], inherited: readonly (Mount | Unmounted)[], context: Context): SiteRoutes {
  const keeps = [...keepsOf(site), ...leftToWsgi([...own, ...inherited])];
  const mounts = reachable(own.filter(isMount), inherited.filter(isMount), keeps, context);
  return { ...site, keeps, routes: mounts.flatMap((mount) => routesOfMount(mount, site, context)) };
}

/** The mounts of a server's own directives, in the order in which they are asked. */
export function mountsOf(site: Site, context: Context): readonly (Mount | Unmounted)[] {
  const { notes, endings } = context;
  const { directives } = site.server;
  // mod_alias is asked before mod_wsgi.
  const aliases = directives.filter(({ name }) => name === 'alias').flatMap((directive) => aliasMount(directive, site, context));
  return [...aliases, ...directives.flatMap((directive): readonly (Mount | Unmounted)[] => {
    const { name } = directive;
    if (name !== 'wsgiscriptalias' && name !== 'wsgiscriptaliasmatch') return [];
    const found = readMounts(directive, notes);
    for (const one of found) {
      if (isMount(one)) continue;
      const scripts = context.sources.list(one.directory ?? '')?.filter((script) => /\.(wsgi|py)$/u.test(script)) ?? [];
      endings.left(one.directive, one.reason, `${one.advice}${scripts.length === 0 ? '' : `: there is ${[...scripts].sort().join(', ')}`}; until then leave it to mod_wsgi, with its group`);
    }
    return found;
  })];
}

/** The URLs of what no app came of: those of the mounts before them excepted, they are not for a mount behind. */
function leftToWsgi(all: readonly (Mount | Unmounted)[]): readonly Keep[] {
  return all.flatMap((one, at): readonly Keep[] => {
    if (isMount(one)) return [];
    const before = all.slice(0, at).flatMap(({ path }) => path ?? []);
    const { path, regex: expression, directive: { written, place } } = one;
    if (before.some((other) => isBelow(path ?? '/', other))) return [];
    const taken = before.filter((other) => (expression === null ? isBelow(other, path ?? '/') : within(expression, other) !== null)).map(escapeRegex);
    if (taken.length === 0) return [{ path, regex: expression, why: written, place }];
    const regex = expression ?? (path === '/' ? '^/' : `^${escapeRegex(path ?? '')}(?:/|$)`);
    return [{ path: null, regex: `^(?!(?:${taken.join('|')})(?:/|$)).*?(?:${regex})`, why: written, place }];
  });
}

function aliasMount(directive: Directive, site: Site, { endings }: Context): readonly Mount[] {
  const [path = '', script = ''] = directive.words;
  const handler = wsgiHandler(site.scopes, path, script);
  if (handler === null || script.endsWith('/')) return [];
  endings.carried(handler, `the app of ${directive.written} ${path}`);
  return [{ directive, path: path.replace(/(.)\/$/u, '$1'), regex: null, script, scriptName: path === '/' ? '' : path, options: {} }];
}

/** The first match in the file wins, not the longest: a mount below an earlier one is never asked. */
function reachable(own: readonly Mount[], inherited: readonly Mount[], keeps: readonly Keep[], { notes, endings }: Context): readonly Mount[] {
  const live: Mount[] = [];
  const paths = new Paths<Mount>();
  const kepts = new Paths<Keep>();
  for (const keep of keeps) if (keep.path !== null) kepts.add(keep.path, keep);
  for (const [at, mount] of [...own, ...inherited].entries()) {
    const [before] = paths.above(mount.path ?? '');
    const [kept] = kepts.above(mount.path ?? '');
    if (before === undefined && kept === undefined) {
      live.push(mount);
      if (mount.path !== null) paths.add(mount.path, mount);
      continue;
    }
    if (at >= own.length) continue; // a virtual host covers what it inherits: as it is meant
    const why = before === undefined ? `${kept?.why ?? ''} of ${showPlace(kept?.place ?? mount.directive.place)}` : `${before.path ?? ''} of ${showPlace(before.directive.place)}`;
    const message = `${mount.path ?? ''} is never reached, and was not in Apache: ${why} comes first`;
    notes.warn(mount.directive.place, message);
    endings.left(mount.directive, message, `move it before ${before?.path ?? 'that'} in the file, and import again, if it is meant`);
  }
  return live;
}

function routesOfMount(mount: Mount, site: Site, context: Context): readonly Route[] {
  const { endings } = context;
  if (isHalfKnown(mount)) return [];
  const path = mount.path ?? '/';
  const target = { url: path, file: mount.script };
  const base = choose(mount, target, site, context);
  if (base === null) return [];
  if ('dynamic' in base) {
    endings.left(mount.directive, `its group ${base.dynamic} is chosen for each request`, 'name one group, or route by hand in Apache');
    return [];
  }
  const delegated = delegations(mount, path, base, site, context);
  const all = [...delegated.filter(({ regex }) => regex !== null), ...longestFirst(delegated), { path, regex: null, choice: base, mount, target, section: null }];
  return all.filter((route, index) => !isRedundant(route, all.slice(index + 1)));
}

/** What goes to others than the rest of the mount, by a <Location> below it. */
function delegations(mount: Mount, base: string, choice: Choice, site: Site, context: Context): readonly Route[] {
  const scopes = new Set(site.scopes.named(...DELEGATES).map(({ scope }) => scope));
  return [...scopes].flatMap(({ sections: [section, inner], directives, constant }): readonly Route[] => {
    if (section === undefined || inner !== undefined || !constant || !isLocation(section)) return [];
    const [path, expression] = [locationPath(section)?.replace(/(.)\/$/u, '$1') ?? null, locationRegex(section)];
    const regex = expression === null ? null : within(expression, base);
    const below = path !== null && path !== base && isBelow(path, base);
    if (!below && regex === null) return [];
    const target = { url: path ?? sample(expression ?? ''), file: mount.script };
    const chosen = regex === null ? choose(mount, target, site, context) : chooseByRegex(mount, target, directives, site, context);
    if (chosen === null) return [];
    const said = directives.filter(({ name }) => DELEGATES.has(name));
    if ('dynamic' in chosen) {
      leaveDynamic(said, chosen.dynamic, site, context);
      return [];
    }
    if (chosen.group === null && choice.group !== null) {
      for (const one of said) context.endings.left(one, 'it ran inside Apache, and nothing does so any more', 'it stays with the app around it');
      return [];
    }
    const app = { ...chosen, by: [...chosen.by, ...said] };
    return [{ path, regex: path === null ? regex : null, choice: app, mount, target, section }];
  });
}

/** What a section says itself; no path stands for an expression. */
function chooseByRegex(mount: Mount, target: Target, directives: readonly Directive[], site: Site, context: Context): ReturnType<typeof choose> {
  return choose(mount, target, { ...site, scopes: site.scopes.plus(directives) }, context);
}

function leaveDynamic(said: readonly Directive[], value: string, { scopes }: Site, { endings }: Context): void {
  const variable = /^%\{ENV:(.*)\}$/u.exec(value)?.[1];
  const setters = scopes.named('rewriterule', 'setenvif', 'setenvifnocase', 'browsermatch').map(({ directive }) => directive).filter(({ text }) => variable !== undefined && text.includes(variable));
  const advice = 'it stays with the app around it; to choose by request, write RewriteRule … [P] to one socket or the other by hand';
  for (const one of said) endings.left(one, `the group ${value} is chosen for each request`, advice);
  for (const one of setters) endings.left(one, `it chooses the group ${value}`, advice);
}

/** An expression for those of its URLs that are below a path, which are the ones of that mount; null where there are none. */
export function within(regex: string, base: string): string | null {
  const begin = sample(regex);
  const isSure = regex.startsWith('^') && !regex.includes('|');
  if (base === '/' || (isSure && begin !== base && isBelow(begin, base))) return regex;
  if (isSure && !base.startsWith(begin)) return null;
  return `^(?=${escapeRegex(base)}(?:/|$)).*?(?:${regex})`;
}

/** A path that an expression could be about: what it begins with. */
function sample(regex: string): string {
  return /^\^?((?:\/[\w-]+)*)/u.exec(regex)?.[1] || '/';
}

function longestFirst(routes: readonly Route[]): Route[] {
  return routes.filter(({ path }) => path !== null).sort((a, b) => (b.path ?? '').length - (a.path ?? '').length);
}

/** Whether those behind it say the same of its URLs. */
function isRedundant({ path, choice, section }: Route, behind: readonly Route[]): boolean {
  if (path === null || section === null) return false;
  const next = behind.find((other) => other.path !== null && isBelow(path, other.path));
  return next !== undefined && sameApp(next.choice, choice);
}

function sameApp(a: Choice, b: Choice): boolean {
  return appKey(a) === appKey(b);
}

/** The same for what is to be one app. */
export function appKey({ group, script, callable }: Choice): string {
  return JSON.stringify([group?.name ?? null, script, callable]);
}
