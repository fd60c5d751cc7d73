/** Values by paths: those at or above another path, or below it, are found without a look at all others. */
export class Paths<T> {
  readonly #values = new Map<string, { readonly value: T; readonly order: number }[]>();
  #count = 0;
  /** All paths, once somebody asks for those below one. */
  #sorted: readonly string[] | null = null;

  add(path: string, value: T): void {
    const all = this.#values.get(path) ?? [];
    all.push({ value, order: this.#count++ });
    this.#values.set(path, all);
    this.#sorted = null;
  }

  /** In the order in which they were added. */
  above(path: string): readonly T[] {
    return this.#inOrder(new Set(prefixes(path)));
  }

  /** At a path or below it, in the order in which they were added. */
  below(path: string): readonly T[] {
    const sorted = this.#sorted ??= [...this.#values.keys()].sort();
    if (path === '/') return this.#inOrder(sorted);
    const base = path.endsWith('/') ? path : `${path}/`;
    const found: string[] = base === path ? [] : [path];
    for (let at = firstFrom(sorted, base); sorted[at]?.startsWith(base) === true; at++) found.push(sorted[at] as string);
    return this.#inOrder(found);
  }

  #inOrder(paths: Iterable<string>): readonly T[] {
    const found: { readonly value: T; readonly order: number }[] = [];
    for (const path of paths) found.push(...(this.#values.get(path) ?? []));
    return found.sort((a, b) => a.order - b.order).map(({ value }) => value);
  }
}

/** `/`, `/a`, `/a/` and `/a/b` of `/a/b`. */
function* prefixes(path: string): Generator<string> {
  yield '';
  yield '/';
  for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1)) {
    yield path.slice(0, at);
    yield path.slice(0, at + 1);
  }
  yield path;
}

/** Where those begin that are not before a text. */
function firstFrom(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as string) < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
