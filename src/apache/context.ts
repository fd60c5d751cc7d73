import type { Directive } from './directive.js';
import type { Endings } from './endings.js';
import type { Envvars } from './envvars.js';
import type { Group } from './group.js';
import type { Notes } from './notes.js';
import type { Scope } from './scope.js';
import type { Server } from './servers.js';
import type { Sources } from './sources.js';

/** What all of the import looks at, and tells. */
export interface Context {
  readonly sources: Sources;
  /** Apache's own environment, and where it comes from. */
  readonly envvars: Envvars;
  readonly main: Server;
  readonly groups: ReadonlyMap<string, Group>;
  readonly notes: Notes;
  readonly endings: Endings;
}

/** A server with the scopes that hold in it. */
export interface Site {
  readonly server: Server;
  readonly scopes: readonly Scope[];
}

/** What the main server says last. */
export function mainWord({ main }: Context, name: string): { readonly directive: Directive; readonly word: string } | null {
  const directive = main.directives.filter((one) => one.name === name).at(-1);
  const word = directive?.words[0];
  return directive === undefined || word === undefined ? null : { directive, word };
}
