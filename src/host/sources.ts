import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import type { Sources } from '../apache/sources.js';
import type { Tree } from '../project/tree.js';
import { inside } from './inside.js';

/** The files of a machine: this one, or the one whose root is a directory here. */
export class FileSources implements Sources, Tree {
  constructor(private readonly root: string) {}

  read(path: string): string | null {
    return orNull(() => inside(this.root, path, (here) => readFileSync(here, 'utf8')));
  }

  list(path: string): readonly string[] | null {
    return orNull(() => inside(this.root, path, (here) => readdirSync(here)));
  }

  isLink(path: string): boolean {
    return orNull(() => inside(this.root, path, (here) => lstatSync(here), { keep: true }))?.isSymbolicLink() === true;
  }
}

/** Null for what is not there, or is of the other kind. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return null;
    throw error;
  }
}
