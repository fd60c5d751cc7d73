import { lstatSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '../errors.js';
import { Folder } from './folder.js';
import { distrust } from './trust.js';

/**
 * The folder that somebody named to write files into, made with that mode if it is not there. Throws UserError if another
 * account could put something into it, by itself or by a folder or link on the way. One such as /tmp will do above it.
 */
export function outFolder(path: string, mode: number): Folder {
  const missing: string[] = [];
  let there = resolve(path);
  while (lstatSync(there, { throwIfNoEntry: false }) === undefined) {
    missing.push(basename(there));
    there = dirname(there);
  }
  const found = distrust(there, { kind: 'any', mayMiss: false, opener: process.getuid?.() || null, sticky: true });
  if (found !== null) throw new UserError(`cannot write into ${path}: ${found.path} ${found.reason}`, 'name a folder of your own, or one that is not there yet in a folder of your own');
  let folder = realpathSync(there);
  const { mode: rights } = statSync(folder);
  if (missing.length === 0 && (rights & 0o1000) !== 0 && (rights & 0o022) !== 0) throw new UserError(`cannot write into ${path}: others can write there, too`, `name a folder in it that is not there yet: ${join(path, 'new')}`);
  for (const name of missing.reverse()) {
    folder = join(folder, name);
    mkdirSync(folder, { mode }); // not with its parents: what has come meanwhile is somebody else's
  }
  return new Folder(folder);
}
