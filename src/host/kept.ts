import {
  chmodSync, closeSync, constants, copyFileSync, fstatSync, lchownSync, linkSync, lstatSync, lutimesSync, mkdirSync, openSync,
  readdirSync, readlinkSync, statSync, symlinkSync, type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.js';
import { syncDirectory } from './files.js';

/**
 * What of a directory tree, or of the folders above it, another account than root can change, or null. Such a tree is not
 * kept: the app would not see what is written there, and root would copy what that account puts in its place. `root`: of
 * another system, or an empty string.
 */
export function foreignIn(root: string, path: string): string | null {
  const { uid } = statSync(root || '/');
  for (let folder = dirname(path); folder !== '/'; folder = dirname(folder)) {
    if (isForeign(lstatSync(root + folder), uid)) return folder;
  }
  return foreignBelow(root, path, uid);
}

function foreignBelow(root: string, path: string, uid: number): string | null {
  const found = lstatSync(root + path, { throwIfNoEntry: false });
  if (found === undefined) return null; // dpkg is at work
  if (isForeign(found, uid)) return path;
  if (!found.isDirectory()) return null;
  for (const name of namesIn(root + path)) {
    const foreign = foreignBelow(root, join(path, name), uid);
    if (foreign !== null) return foreign;
  }
  return null;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Gone just now; or an ordinary account asks for the status, which can only see what root would.
    return [];
  }
}

function isForeign(found: Stats, uid: number): boolean {
  if (found.uid !== uid) return true;
  if (found.isSymbolicLink()) return false;
  return (found.mode & 0o002) !== 0 || ((found.mode & 0o020) !== 0 && found.gid !== 0);
}

/**
 * Keeps a directory tree as it is now in a new directory `to`, whatever dpkg unpacks over it: dpkg replaces a file by
 * renaming another over it, so that a hard link goes on being the old file. It costs no space. What cannot be linked,
 * most often since `to` is on another file system, is copied. `uid` owns all of it; throws UserError where somebody
 * else could change something under our hands.
 */
export function keepTree(from: string, to: string, uid = process.getuid?.() ?? 0): void {
  const found = lstatSync(from);
  refuseForeign(from, found, uid);
  mkdirSync(to, { mode: 0o700 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) keepTree(source, target, uid);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else if (entry.isFile()) keepFile(source, target, uid);
  }
  alike(to, found);
  chmodSync(to, found.mode & 0o777);
  syncDirectory(to);
}

/** A setuid file is copied without that: dpkg takes the right from the old file when it replaces it, not from a copy. */
function keepFile(source: string, target: string, uid: number): void {
  const file = openSync(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (!found.isFile()) return;
    refuseForeign(source, found, uid);
    if ((found.mode & 0o6000) === 0 && linked(source, target)) return;
    copyFileSync(`/proc/self/fd/${file}`, target, constants.COPYFILE_EXCL);
    alike(target, found);
    chmodSync(target, found.mode & 0o777);
    syncDirectory(target);
  } finally {
    closeSync(file);
  }
}

function refuseForeign(path: string, found: Stats, uid: number): void {
  if (isForeign(found, uid)) throw new UserError(`cannot keep ${path}: another account than root can change it`, `chown root: ${path} && chmod go-w ${path}`);
}

function linked(source: string, target: string): boolean {
  try {
    linkSync(source, target);
    return true;
  } catch {
    return false;
  }
}

/** The owner, and the times, by which Python knows whether a .pyc file is that of its source. */
function alike(path: string, { uid, gid, atime, mtime }: Stats): void {
  lchownSync(path, uid, gid);
  lutimesSync(path, atime, mtime);
}
