import {
  chmodSync, copyFileSync, lchownSync, linkSync, lstatSync, lutimesSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { syncDirectory } from './files.js';

/**
 * Keeps a directory tree as it is now in a new directory `to`, whatever dpkg unpacks over it: dpkg replaces a file by
 * renaming another over it, so that a hard link goes on being the old file. It costs no space. What cannot be linked,
 * most often since `to` is on another file system, is copied.
 */
export function keepTree(from: string, to: string): void {
  mkdirSync(to, { mode: 0o700 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) keepTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else if (entry.isFile()) keepFile(source, target);
  }
  const found = lstatSync(from);
  alike(to, found);
  chmodSync(to, found.mode & 0o7777);
  syncDirectory(to);
}

function keepFile(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    copyFileSync(source, target);
    const found = lstatSync(source);
    alike(target, found);
    chmodSync(target, found.mode & 0o7777);
    syncDirectory(target);
  }
}

/** The owner, and the times, by which Python knows whether a .pyc file is that of its source. */
function alike(path: string, { uid, gid, atime, mtime }: Stats): void {
  lchownSync(path, uid, gid);
  lutimesSync(path, atime, mtime);
}
