import { didYouMean } from '../config/guess.js';
import type { Context, Site } from './context.js';
import type { Directive } from './directive.js';
import { isReachable, type Group } from './group.js';
import type { Mount } from './mount.js';
import { showPlace } from './place.js';
import type { Target } from './section.js';
import { showServer } from './servers.js';

/** Which processes a request goes to, and what they run: one app for each of them. */
export interface Choice {
  /** Null: it was embedded in Apache. */
  readonly group: Group | null;
  readonly script: string;
  readonly callable: string;
  readonly applicationGroup: string;
  /** The directives that said so. */
  readonly by: readonly Directive[];
}

/** The group is chosen for each request anew. */
export interface Dynamic {
  readonly dynamic: string;
  readonly directive: Directive;
}

/** Null where it is faulty, and said. An option of the WSGIScriptAlias wins over every directive. */
export function choose(mount: Mount, target: Target, site: Site, context: Context): Choice | Dynamic | null {
  const by = (name: string): Directive | null => site.scopes.effective(target, name);
  const directive = mount.options['process-group'] === undefined ? by('wsgiprocessgroup') : mount.directive;
  const value = mount.options['process-group'] ?? directive?.words[0] ?? '';
  const name = constant(value, target, site, context);
  if (name === null) return { dynamic: value, directive: directive ?? mount.directive };
  const group = name === '' ? null : groupOf(name, directive ?? mount.directive, site, context);
  // A group that is half understood makes no half-made app.
  if (group === undefined || (group !== null && context.notes.isFaultyAt(group.directive.place))) return null;
  const callable = mount.options['callable-object'] === undefined ? by('wsgicallableobject') : null;
  const application = mount.options['application-group'] === undefined ? by('wsgiapplicationgroup') : null;
  return {
    group,
    script: mount.script,
    callable: mount.options['callable-object'] ?? callable?.words[0] ?? 'application',
    applicationGroup: mount.options['application-group'] ?? application?.words[0] ?? '%{RESOURCE}',
    by: [directive, callable, application].filter((one): one is Directive => one !== null && one !== mount.directive),
  };
}

/** The name that a value comes to, an empty one for none; null where only a request can tell. */
function constant(value: string, target: Target, { server, scopes }: Site, { envvars }: Context): string | null {
  if (value === '' || value === '%{GLOBAL}') return '';
  if (value === '%{SERVER}') return server.name;
  const variable = /^%\{ENV:(.*)\}$/u.exec(value)?.[1];
  if (variable === undefined) return value.startsWith('%{') ? null : value;
  const set = scopes.said(target, 'setenv').filter(({ words }) => words[0] === variable).at(-1);
  return set === undefined ? (envvars.environment.get(variable) ?? null) : (set.words[1] ?? '');
}

function groupOf(name: string, { place }: Directive, { server }: Site, { groups, notes }: Context): Group | undefined {
  const group = groups.get(name);
  if (notes.isFaultyAt(place)) return undefined;
  if (group === undefined) {
    notes.fault(place, `the group ${name} is not defined`, didYouMean(name, [...groups.keys()]));
    return undefined;
  }
  if (isReachable(group, server)) return group;
  const home = group.directive.place;
  notes.fault(place, `the group ${name} belongs to ${showServer(group.server)}, and ${showServer(server)} cannot use it`, `mod_wsgi answers 500; define it outside of the virtual host (${showPlace(home)})`);
  return undefined;
}
