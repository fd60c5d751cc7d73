import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import type { Sources } from '../apache/sources.js';
import type { Tree } from '../project/tree.js';

/** The files of a machine: this one, or the one whose root is a directory here. */
export class FileSources implements Sources, Tree {
  constructor(private readonly root: string) {}

  read(path: string): string | null {
    return orNull(() => readFileSync(this.root + path, 'utf8'));
  }

  list(path: string): readonly string[] | null {
    return orNull(() => readdirSync(this.root + path));
  }

  isLink(path: string): boolean {
    return lstatSync(this.root + path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
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
