import type { Directive } from './directive.js';
import { Paths } from './paths.js';
import type { Scope } from './scope.js';
import { folderOf, type Target } from './section.js';

/** A directive, and when it holds. */
export interface Held {
  readonly scope: Scope;
  readonly directive: Directive;
  /** Its place among the scope's. */
  readonly at: number;
}

/** Scopes of one origin. What is the same for many servers is put in order once, and a name is looked up without a look at others. */
export class Layer {
  readonly #order: ReadonlyMap<Scope, number>;
  readonly #byName = new Map<string, Map<Scope, Held[]>>();
  readonly #indexes = new Map<string, Index>();

  constructor(readonly all: readonly Scope[]) {
    this.#order = new Map(all.map((scope, at) => [scope, at]));
    for (const scope of all) for (const [at, directive] of scope.directives.entries()) this.#add({ scope, directive, at });
  }

  /** The scopes that hold directives of some names themselves; with a target, those that are for it. */
  with(names: readonly string[], target: Target | null): readonly Scope[] {
    return this.#sorted(names.flatMap((name) => (target === null ? [...(this.#byName.get(name)?.keys() ?? [])] : this.#index(name).at(target))));
  }

  held(scope: Scope, names: readonly string[]): readonly Held[] {
    const all = names.flatMap((name) => this.#byName.get(name)?.get(scope) ?? []);
    return names.length === 1 ? all : all.sort((a, b) => a.at - b.at);
  }

  /** Those that are in sections. */
  sectionedAt(target: Target): readonly Scope[] {
    return this.#sorted(this.#index('<').at(target));
  }

  #add(held: Held): void {
    const { scope, directive: { name } } = held;
    const byScope = this.#byName.get(name) ?? new Map<Scope, Held[]>();
    this.#byName.set(name, byScope);
    const all = byScope.get(scope) ?? [];
    byScope.set(scope, all);
    all.push(held);
  }

  #index(name: string): Index {
    let index = this.#indexes.get(name);
    if (index === undefined) {
      index = new Index(name === '<' ? this.all.filter(({ sections }) => sections.length > 0) : [...(this.#byName.get(name)?.keys() ?? [])]);
      this.#indexes.set(name, index);
    }
    return index;
  }

  #sorted(scopes: readonly Scope[]): readonly Scope[] {
    return [...new Set(scopes)].sort((a, b) => (this.#order.get(a) ?? 0) - (this.#order.get(b) ?? 0));
  }
}

/** All scopes that hold in a server, in the order in which Apache merges them: what comes later wins. Names are in lower case. */
export class Scopes {
  readonly #named = new Map<string, readonly Held[]>();
  readonly #locations = new Map<string, Paths<string>>();

  /** `layers`: the main server's, the server's own, those of .htaccess files; `last`: what is said for all targets after all else. */
  constructor(
    private readonly layers: readonly Layer[],
    private readonly last: readonly Directive[] = [],
  ) {}

  plus(last: readonly Directive[]): Scopes {
    return new Scopes(this.layers, last);
  }

  get all(): readonly Scope[] {
    return this.#merge((layer) => layer.all.map((scope) => ({ scope, layer }))).map(({ scope }) => scope);
  }

  /** Directives of some names, wherever they are. */
  named(...names: readonly string[]): readonly Held[] {
    const key = names.join(' ');
    let found = this.#named.get(key);
    if (found === undefined) this.#named.set(key, found = this.#held(names, null).flatMap(({ scope, layer }) => layer.held(scope, names)));
    return found;
  }

  /** The paths of the <Location>s that hold such, at or below another path. */
  locationsBelow(path: string, ...names: readonly string[]): readonly string[] {
    const key = names.join(' ');
    let paths = this.#locations.get(key);
    if (paths === undefined) {
      this.#locations.set(key, paths = new Paths());
      for (const one of new Set(this.named(...names).flatMap(({ scope }) => scope.location ?? []))) paths.add(one, one);
    }
    return paths.below(path);
  }

  /** What they say for a target, as far as it can be told before a request is there. */
  said(target: Target, ...names: readonly string[]): readonly Directive[] {
    const found = this.#held(names, target).flatMap(({ scope, layer }) => layer.held(scope, names).map(({ directive }) => directive));
    return [...found, ...this.last.filter(({ name }) => names.includes(name))];
  }

  effective(target: Target, name: string): Directive | null {
    const last = this.last.findLast((one) => one.name === name);
    if (last !== undefined) return last;
    const found = this.#held([name], target).at(-1);
    return found?.layer.held(found.scope, [name]).at(-1)?.directive ?? null;
  }

  /** Those in sections that a target is in. */
  sectionedAt(target: Target): readonly Scope[] {
    return this.#merge((layer) => layer.sectionedAt(target).map((scope) => ({ scope, layer }))).map(({ scope }) => scope);
  }

  #held(names: readonly string[], target: Target | null): readonly Placed[] {
    return this.#merge((layer) => layer.with(names, target).map((scope) => ({ scope, layer })));
  }

  #merge(some: (layer: Layer) => readonly Placed[]): readonly Placed[] {
    return this.layers.flatMap(some).sort((a, b) => a.scope.rank - b.scope.rank);
  }
}

interface Placed {
  readonly scope: Scope;
  readonly layer: Layer;
}

/** Scopes by what they are for: those of plain paths are found by these. */
class Index {
  readonly #locations = new Paths<Scope>();
  readonly #directories = new Paths<Scope>();
  readonly #others: Scope[] = [];

  constructor(scopes: readonly Scope[]) {
    for (const scope of scopes.filter(({ constant }) => constant)) {
      if (scope.location !== null) this.#locations.add(scope.location, scope);
      else if (scope.directory !== null) this.#directories.add(scope.directory, scope);
      else this.#others.push(scope);
    }
  }

  at(target: Target): readonly Scope[] {
    const found = [...this.#others, ...this.#directories.above(folderOf(target.file)), ...this.#locations.above(target.url)];
    return found.filter((scope) => scope.matches(target));
  }
}
