import { readApp } from '../config/app.js';
import type { AppConfig } from '../config/settings.js';
import type { Choice } from './choice.js';
import type { Context } from './context.js';
import { carryEnviron, spotsBelow, type Spot } from './environ.js';
import type { Ini } from './ini.js';
import { foreignVariables, loginOf, schemeBy } from './login.js';
import { Naming } from './naming.js';
import { showPlace } from './place.js';
import { appKey, type Route, type SiteRoutes } from './routes.js';
import { embeddedSettings, groupSettings } from './settings.js';
import { showServer } from './servers.js';
import { authorizationOf } from './authorization.js';

/** An app in the making. */
export interface App {
  readonly name: string;
  readonly choice: Choice;
  /** The INI file. */
  readonly text: string;
  /** As our own reader reads it. */
  readonly config: AppConfig;
  /** Where it is asked: `/shop on shop.example:443`. */
  readonly asked: readonly string[];
}

interface Place {
  readonly site: SiteRoutes;
  readonly route: Route;
}

/** One app for each group, script and callable; they share nothing, so that each could be deployed alone. */
export function appsOf(sites: readonly SiteRoutes[], context: Context): readonly App[] {
  const places = new Map<string, Place[]>();
  for (const site of sites) for (const route of site.routes) {
    const key = appKey(route.choice);
    const some = places.get(key) ?? [];
    places.set(key, some);
    some.push({ site, route });
  }
  const choices = [...places.values()].flatMap(([first]) => first?.route.choice ?? []);
  const naming = new Naming(choices);
  sayShared(choices, context);
  return choices.flatMap((choice) => {
    const app = appOf(naming.nameOf(choice), choice, places.get(appKey(choice)) ?? [], context);
    return app === null ? [] : [app];
  });
}

function appOf(name: string, choice: Choice, places: readonly Place[], context: Context): App | null {
  const [first] = places;
  if (first === undefined) return null;
  const { mount } = first.route;
  const ini = choice.group === null ? embedded(name, choice, places, context) : groupSettings(choice.group, context);
  ini.set('app', 'script', choice.script);
  if (choice.callable !== 'application') ini.set('app', 'callable', choice.callable);
  for (const { route } of places) {
    if (route.mount.scriptName !== '') ini.add('proxy', 'mount', route.mount.scriptName);
    if (route.section === null) context.endings.carried(route.mount.directive, `the app ${name}`);
    for (const directive of route.choice.by) context.endings.carried(directive, `the app ${name}`);
  }
  // An app that is mounted somewhere answers only there, and where it has routes: no route says the root, or an expression.
  if (ini.get('proxy', 'mount') !== undefined && places.some(({ route }) => route.mount.scriptName === '' && (route.path === null || route.path === '/'))) ini.add('proxy', 'mount', '/');
  scriptReloading(ini, choice, places, context);
  routeLines(ini, places);
  proxySettings(ini, places, context);
  const asked = askedOn(places);
  const head = [`Imported from ${showPlace(choice.group?.directive.place ?? mount.directive.place)}: ${asked.join('; ')}`];
  const text = ini.text(head.map((line) => line.replace(/[\p{Cc}\u2028\u2029]/gu, ' ')));
  const { config, diagnostics } = readApp(`${name}.ini`, name, text, 'system');
  const origin = choice.group?.directive ?? mount.directive;
  for (const { severity, message, hint } of diagnostics) if (severity === 'error') context.notes.fault(origin.place, `no app ${name} can be made of it: ${message}`, hint);
  return config === null ? null : { name, choice, text, config, asked };
}

/** `/shop, /news on shop.example:443` for each server. */
function askedOn(places: readonly Place[]): readonly string[] {
  const paths = new Map<string, string[]>();
  for (const { site, route } of places) {
    const server = showServer(site.server);
    paths.set(server, [...(paths.get(server) ?? []), route.path ?? route.regex ?? '']);
  }
  return [...paths].map(([server, all]) => `${all.join(', ')} on ${server}`);
}

function embedded(name: string, choice: Choice, places: readonly Place[], context: Context): Ini {
  const [first] = places;
  const { directive } = (first as Place).route.mount;
  context.endings.left(directive, `${choice.script} ran inside Apache; the app ${name} has processes of its own: 2 with 5 threads each, where Apache's own number counted`, 'set processes and threads to what it needs', `${directive.written}, embedded`);
  return embeddedSettings(directive, context);
}

/** A daemon process ended when its script had changed, unless it was told not to look; embedded, only the script was read again. */
function scriptReloading(ini: Ini, { group, script }: Choice, places: readonly Place[], { endings }: Context): void {
  const said = places.map(({ site, route }) => site.scopes.effective(route.target, 'wsgiscriptreloading'));
  const on = group !== null && said.some((one) => !/^off$/iu.test(one?.words[0] ?? 'on'));
  if (on) ini.add('reload', 'touch', script);
  const what = group === null ? 'the script alone was read again, inside Apache; deploy with wsgictl reload' : on ? '[reload] touch' : 'the default: no [reload] touch';
  for (const directive of said) if (directive !== null) endings.carried(directive, what);
}

/** Only where they are not the mounts: an app that is delegated to, or has a tail in its alias. */
function routeLines(ini: Ini, places: readonly Place[]): void {
  const paths = [...new Set(places.flatMap(({ route }) => (route.path === null ? [] : [route.path])))];
  const mounts = [...new Set(places.map(({ route }) => route.mount.scriptName || '/'))];
  if (paths.length === mounts.length && paths.every((path) => mounts.includes(path))) return;
  for (const path of paths) ini.add('proxy', 'route', path);
}

function proxySettings(ini: Ini, places: readonly Place[], context: Context): void {
  // The app saw the client's address; over a socket it would see none.
  const variables = new Set(['REMOTE_ADDR']);
  const logins = places.map(({ site, route }) => loginOf(site.scopes, { url: route.path ?? '/', file: route.mount.script }));
  const login = logins.find((one) => one !== null);
  if (login !== undefined && login !== null) {
    variables.add('REMOTE_USER');
    context.endings.proxy(login, '[proxy] variables: REMOTE_USER, as Apache knows it, reaches the app, and no client can forge it');
  }
  for (const { site, route } of places) {
    for (const directive of schemeBy(site.scopes, route.target)) context.endings.proxy(directive, 'it decides of https as before: RequestHeader set X-Forwarded-Proto looks at HTTPS');
  }
  const spots: Spot[] = places.flatMap(({ site, route }) => [
    { scopes: site.scopes, target: route.target },
    ...(route.path === null ? [] : spotsBelow(site.scopes, route.path, route.mount.script).filter((spot) => owns(site, route, spot.target.url))),
  ]);
  carryEnviron(ini, spots, variables, context);
  for (const { site, route } of places) {
    for (const { directive, names } of foreignVariables(site.scopes, route.target)) {
      if (context.endings.knows(directive)) continue;
      context.endings.left(directive, `variables of Apache do not reach the app by themselves (${names.join(', ')})`, 'name those that it reads in [proxy] variables');
    }
  }
  ini.set('proxy', 'variables', [...variables].join(', '));
  if (places.every((place) => authorizationOf(place.site, place.route, context) === 'drop')) ini.set('proxy', 'authorization', 'drop');
}

/** Whether a path below a route is not given to another one. */
function owns({ routes }: SiteRoutes, route: Route, url: string): boolean {
  return routes.find(({ path }) => path !== null && (url === path || path === '/' || url.startsWith(`${path}/`))) === route;
}

function sayShared(choices: readonly Choice[], { endings }: Context): void {
  const counts = new Map<Choice['group'], number>();
  for (const { group } of choices) counts.set(group, (counts.get(group) ?? 0) + 1);
  for (const [group, sharing] of counts) {
    if (group === null || sharing < 2) continue;
    endings.left(
      group.directive, `the group ${group.name} ran ${sharing} apps in the same processes; now each has its own, ${sharing} times as many`,
      'lower processes in each, or write one script that calls the others', `WSGIDaemonProcess ${group.name}`,
    );
  }
}
