import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { removeIfThere, removeTree, writeWhole } from './files.js';
import { holdFile, holdFolder, inside, type Way } from './inside.js';

/** What is read of another system is a configuration: in bytes. */
const LARGEST = 16 * 1024 * 1024;

/**
 * A directory where wsgictl has files: of this machine, or of the system whose root is a directory here (`root`). That
 * one may be somebody else's: nothing is read, written or removed outside of it, whatever links are in there.
 */
export class Folder {
  constructor(readonly path: string, readonly root = '') {}

  /** The text of a file, or null if there is none. */
  read(name: string): string | null {
    return orNull(() => this.content(name))?.toString() ?? null;
  }

  /** What is in a file. Throws as open(2) does. */
  content(name: string): Buffer {
    return this.#at(name, (here) => {
      if (this.root === '') return readFileSync(here);
      return holdFile(here, (held, stats) => {
        if (stats.isFile() && stats.size <= LARGEST) return readFileSync(held);
        throw new UserError(`cannot read ${this.show(name)}: it is no file of at most 16 MiB`, `ls -l ${this.show(name)}`);
      });
    });
  }

  /** Writes a file as `writeWhole` does, over whatever was there, a link too. */
  write(name: string, text: string, mode?: number): void {
    this.#at(name, (here) => writeWhole(here, text, mode), { make: true, keep: true });
  }

  /** Returns whether there was a file to remove. */
  remove(name: string): boolean {
    return orNull(() => this.#at(name, removeIfThere, { keep: true })) ?? false;
  }

  /** Removes a directory with all that is in it. */
  removeTree(name: string): void {
    orNull(() => this.#at(name, removeTree, { keep: true }));
  }

  /** Removes a directory if nothing is in it. */
  removeEmpty(name: string): void {
    try {
      this.#at(name, (here) => rmdirSync(here), { keep: true });
    } catch {
      // There is something in it.
    }
  }

  /** Makes a directory, and those above it. */
  make(name: string): void {
    this.#at(name, (here) => mkdirSync(here, { recursive: true, mode: 0o755 }), { make: true });
  }

  /** The names in a directory; null where there is none. */
  list(name = '.'): string[] | null {
    return orNull(() => this.#at(name, (here) => (this.root === '' ? readdirSync(here) : holdFolder(here, (held) => readdirSync(held)))));
  }

  /** What is there, with links followed. */
  stat(name: string): Stats | undefined {
    try {
      return this.#at(name, (here) => (this.root === '' ? statSync(here) : lstatSync(here)));
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
      throw error;
    }
  }

  /** Whether anything has that name, a link that leads nowhere too. */
  has(name: string): boolean {
    return orNull(() => this.#at(name, (here) => lstatSync(here), { keep: true })) !== null;
  }

  /** Where a symbolic link leads; null for what is none. */
  link(name: string): string | null {
    try {
      return this.#at(name, (here) => readlinkSync(here), { keep: true });
    } catch {
      return null;
    }
  }

  /** As this machine names it, for messages. */
  show(name: string): string {
    return this.root + join(this.path, name);
  }

  #at<T>(name: string, use: (here: string) => T, way?: Way): T {
    return inside(this.root, join(this.path, name), use, way);
  }
}

/** Null for what is not there. */
function orNull<T>(body: () => T): T | null {
  try {
    return body();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
