import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Tree } from '../project/tree.js';
import { inside } from './inside.js';
import { listStranger, MEBIBYTE, readStranger } from './strangers.js';

/** What a look at a project may cost at most, in bytes: what is read, and for each look and name what it takes about. */
const MOST = 64 * MEBIBYTE;
const LOOK = 1024;
const NAME = 64;
const MOST_NAMES = 100_000;

/** The files of a project. Who wrote them may be anybody: what cannot be read, or is too much, is as if it were not there. */
export class ProjectFiles implements Tree {
  #left = MOST;
  readonly #lists = new Map<string, readonly string[] | null>();

  constructor(private readonly root: string) {}

  /** Whether there was more to look at than one look may cost. */
  get exhausted(): boolean {
    return this.#left <= 0;
  }

  read(path: string): string | null {
    const content = this.#look(() => readStranger(path, MEBIBYTE, this.root));
    this.#left -= content?.length ?? 0;
    return content?.toString('utf8') ?? null;
  }

  list(path: string): readonly string[] | null {
    const known = this.#lists.get(path);
    if (known !== undefined) return known;
    const entries = this.#look(() => listStranger(path, MOST_NAMES, this.root));
    const names = entries?.map(({ name }) => name) ?? null;
    this.#lists.set(path, names);
    this.#left -= NAME * (entries?.length ?? 0);
    // Of most files the directory tells that they are none themselves.
    for (const { name } of entries?.filter((entry) => entry.isFile()) ?? []) this.#lists.set(join(path, name), null);
    return names;
  }

  isLink(path: string): boolean {
    return this.#look(() => inside(this.root, path, (here) => lstatSync(here), { keep: true }).isSymbolicLink()) === true;
  }

  #look<T>(look: () => T | null): T | null {
    if (this.exhausted) return null;
    this.#left -= LOOK;
    try {
      return look();
    } catch {
      return null;
    }
  }
}
