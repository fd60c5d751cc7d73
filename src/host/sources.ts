import type { Kind, Sources } from '../apache/sources.js';
import { DIRECTORY, listStranger, MEBIBYTE, readStranger, statStranger, Unreadable } from './strangers.js';

/** The most that one file of a configuration may have, in bytes, and one directory, in names. */
const MOST_BYTES = 16 * MEBIBYTE;
const MOST_NAMES = 100_000;

/**
 * The files of a machine: this one, or the one whose root is a directory here. All methods throw Unreadable: what is
 * there and cannot be read is not passed over.
 */
export class FileSources implements Sources {
  constructor(private readonly root: string) {}

  read(path: string): string | null {
    try {
      return readStranger(path, MOST_BYTES, this.root)?.toString('utf8') ?? null;
    } catch (error) {
      if (error instanceof Unreadable && error.reason === DIRECTORY) return null;
      throw error;
    }
  }

  list(path: string): readonly string[] | null {
    const entries = listStranger(path, MOST_NAMES + 1, this.root);
    if (entries !== null && entries.length > MOST_NAMES) throw new Unreadable(this.root + path, `has more than ${MOST_NAMES} names`);
    return entries?.map(({ name }) => name) ?? null;
  }

  kind(path: string): Kind | null {
    const found = statStranger(path, this.root);
    return found === null ? null : found.isSymbolicLink() ? 'link' : found.isFile() ? 'file' : 'other';
  }
}
