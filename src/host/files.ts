import { randomBytes } from 'node:crypto';
import {
  closeSync, fsyncSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileTrouble } from '../errors.js';
import { holdFolder } from './inside.js';

/**
 * Writes a file so that after a crash, or on a full disk, there is the old one or the new one, whole. Parents are made,
 * 0755. What is at `path` is replaced, a link too: neither it nor one in the way of the temporary file is followed.
 */
export function writeWhole(path: string, text: string | Uint8Array, mode = 0o644): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  sweep(folder);
  const temporary = temporaryFor(path);
  const file = openSync(temporary, 'wx', mode);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  syncDirectory(folder);
}

/** A name beside a path that nobody can know before it is taken. systemd reads nothing that is named so. */
export function temporaryFor(path: string): string {
  return `${path}.${randomBytes(8).toString('hex')}.tmp`;
}

const TEMPORARY = /\.[0-9a-f]{16}\.tmp$/;

/** No temporary file is in use for so long, in ms. */
const STALE = 3_600_000;

/** Removes what runs left in a folder that were killed. */
export function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!TEMPORARY.test(name)) continue;
    const path = join(folder, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found !== undefined && found.mtimeMs < Date.now() - STALE) removeTree(path);
  }
}

/** As `rm -r`: a directory in whose place somebody puts a link meanwhile is not followed. */
export function removeTree(path: string): void {
  try {
    holdFolder(path, (held) => {
      for (const name of readdirSync(held)) removeTree(join(held, name));
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw error;
    rmSync(path, { force: true });
    return;
  }
  rmdirSync(path);
}

/** Makes what was renamed, made or removed in a directory last. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** The text of a file, or null if there is none. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR') return null;
    throw error;
  }
}

/** Returns whether there was one to remove. */
export function removeIfThere(path: string): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  if (there) rmSync(path, { force: true });
  return there;
}

/** Does what is only for later; where the file system does not take it, that is all that is lost. Returns whether it was done. */
export function ifTaken(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (fileTrouble(error) === null) throw error;
    return false;
  }
}
