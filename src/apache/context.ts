import type { FrontHeaders } from '../proxy/front.js';
import type { Directive } from './directive.js';
import type { Endings } from './endings.js';
import type { Envvars } from './envvars.js';
import type { Group } from './group.js';
import type { Notes } from './notes.js';
import type { Route } from './routes.js';
import type { Scopes } from './scopes.js';
import type { Server } from './servers.js';
import type { Sources } from './sources.js';

/** What all of the import looks at, and tells. */
export interface Context {
  readonly sources: Sources;
  /** Apache's own environment, and where it comes from. */
  readonly envvars: Envvars;
  /** What the main server says last, by names in lower case. */
  readonly mainWords: ReadonlyMap<string, Directive>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly notes: Notes;
  readonly endings: Endings;
  /** What was found of them so far. */
  readonly authorizations: Map<Route, FrontHeaders['authorization']>;
}

/** A server with the scopes that hold in it. */
export interface Site {
  readonly server: Server;
  readonly scopes: Scopes;
}

/** What the main server says last. */
export function mainWord({ mainWords }: Context, name: string): { readonly directive: Directive; readonly word: string } | null {
  const directive = mainWords.get(name);
  const word = directive?.words[0];
  return directive === undefined || word === undefined ? null : { directive, word };
}
