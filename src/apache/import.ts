import type { Diagnostic } from '../errors.js';
import type { Front } from '../proxy/front.js';
import { appsOf, type App } from './apps.js';
import { checkDirectives, checkGroups } from './check.js';
import { Modules } from './condition.js';
import type { Context, Site } from './context.js';
import { Endings, type Ending } from './endings.js';
import { readEnvvars } from './envvars.js';
import { frontOfSite } from './fronts.js';
import { readGroups } from './group.js';
import { Htaccess } from './htaccess.js';
import { Notes } from './notes.js';
import { Reader } from './reader.js';
import { endRest } from './rest.js';
import { appKey, mountsOf, routesOf } from './routes.js';
import { scopesOf } from './scope.js';
import { Layer, Scopes } from './scopes.js';
import { serversOf } from './servers.js';
import type { Sources } from './sources.js';
import { placeholders } from './template.js';
import { Variables } from './variables.js';

export interface Wish {
  /** Paths of configuration files, one after the other as if one included them all. */
  readonly files: readonly string[];
  readonly serverRoot: string;
  /** As -D gives them. */
  readonly defines: readonly { readonly name: string; readonly value: string | null }[];
  readonly modules: readonly string[];
  readonly apacheVersion: string;
}

export interface Imported {
  readonly apps: readonly App[];
  readonly fronts: readonly Front[];
  readonly endings: readonly Ending[];
  readonly diagnostics: readonly Diagnostic[];
  /** How many directives of mod_wsgi there are, and how many are commented out. */
  readonly directives: number;
  readonly commented: number;
  /** What had to be taken for granted. */
  readonly assumed: readonly string[];
}

/** Reads a configuration of Apache with mod_wsgi, and makes apps of it. */
export function importApache(sources: Sources, wish: Wish): Imported {
  const notes = new Notes();
  const envvarsFile = `${wish.serverRoot}/envvars`;
  const envvars = readEnvvars(sources.read(envvarsFile), envvarsFile);
  const variables = new Variables(envvars.environment);
  for (const { name, value } of wish.defines) variables.define(name, value);
  const modules = new Modules(wish.modules);
  const reader = new Reader({ sources, serverRoot: wish.serverRoot, variables, modules, version: wish.apacheVersion }, notes);
  const nothing = { apps: [], fronts: [], endings: [], directives: 0, commented: 0, assumed: [] };
  const texts = wish.files.map((file) => ({ file, text: sources.read(file) ?? '' }));
  if (sayTemplates(texts, notes)) return { ...nothing, diagnostics: notes.list() };

  const tree = texts.flatMap(({ file, text }) => reader.readFile(file, text));
  const directives = checkDirectives(tree, { notes }, variables.names);
  const servers = serversOf(tree);
  const groups = readGroups(servers, notes);
  checkGroups(tree, groups, { notes });
  const [main] = servers;
  const mainWords = new Map(main.directives.map((one) => [one.name, one]));
  const context: Context = { sources, envvars, mainWords, groups, notes, endings: new Endings(), authorizations: new Map() };
  const htaccess = new Htaccess(sources, reader, notes);
  const layers = servers.map((server) => new Layer(scopesOf(server)));
  const configured = layers.map((layer) => (layer === layers[0] ? [layer] : [layers[0] ?? layer, layer]));
  const overrides = configured.map((some) => htaccess.of(new Scopes(some)));
  const overriding = [...new Set(overrides.flat())];
  checkDirectives(overriding, { notes }, variables.names);
  const sites = servers.map((server, at): Site => ({ server, scopes: new Scopes([...(configured[at] ?? []), new Layer(scopesOf({ directives: overrides[at] ?? [] }, true))]) }));
  const mounts = sites.map((site) => mountsOf(site, context));
  const routed = sites.map((site, at) => routesOf(site, mounts[at] ?? [], site.server.isMain ? [] : (mounts[0] ?? []), context));
  const apps = appsOf(routed, context);
  const byKey = new Map(apps.map((app) => [appKey(app.choice), app]));
  const fronts = routed.flatMap((site) => frontOfSite(site, routed[0] ?? site, byKey, context) ?? []);
  endRest(tree, overriding, apps, context);
  return {
    apps, fronts, directives,
    endings: context.endings.list(),
    diagnostics: notes.list(),
    commented: reader.commented,
    assumed: [`Apache ${wish.apacheVersion} with mod_wsgi`, ...[...modules.assumed].map((name) => `${name} is loaded`)],
  };
}

/** Whether there are any: then nothing else would be said that is true. */
function sayTemplates(texts: readonly { readonly file: string; readonly text: string }[], notes: Notes): boolean {
  let found = false;
  for (const { file, text } of texts) {
    notes.reads(file);
    const all = placeholders(text);
    const [first] = all;
    if (first === undefined) continue;
    found = true;
    const shown = all.map(({ text: one, line }) => `${one} (line ${line})`).join(', ');
    notes.fault({ file, line: first.line, via: null }, `this is a template, not a configuration: ${shown}`, 'import what is made of it');
  }
  return found;
}
