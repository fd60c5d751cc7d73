import { createHash, type Hash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { Brought, Generation } from '../plan/generation.js';
import { Folder } from './folder.js';
import { packagedIni } from './inis.js';
import { isOwn } from './pin.js';
import type { Places } from './places.js';

/** Of an image that is made to be the same from the same sources, files have no times of their own, in s. */
const NO_TIME = 1;

/**
 * What packages have brought of an app by now: its INI file, the marks in APP.d, and its own directory below /usr, by the
 * sizes and times of the files. Null where no package brings it, and for another root.
 */
export function broughtNow(places: Places, app: string, directory: string | null): Brought | null {
  if (places.root !== '' || packagedIni(places, app) === null) return null;
  const hash = createHash('sha256');
  for (const file of broughtFiles(places, app)) addFile(hash, file);
  if (directory !== null && isOwn(directory)) addTree(hash, directory);
  return { marks: marks(places, app), digest: hash.digest('hex') };
}

/**
 * Whether dpkg has put an app's INI file there again since a generation was made, or changed its folder APP.d, where other
 * packages whose code the app loads leave a file: one that is gone, too, and its folder with it. dpkg gives a file the
 * times that the package says, but it cannot set when it was changed on this machine.
 */
export function unpackedSince(places: Places, app: string, { createdAt, brought }: Generation): boolean {
  const { packagedApps: folder, root } = places;
  const isNewer = ['ini', 'd'].some((suffix) => {
    const found = folder === null ? undefined : new Folder(folder, root).stat(`${app}.${suffix}`);
    return found !== undefined && found.ctimeMs > Date.parse(createdAt);
  });
  return isNewer || (brought != null && packagedIni(places, app) !== null && marks(places, app).join('\n') !== brought.marks.join('\n'));
}

/** The files by which dpkg knows the packages of an app: that of its INI file, and those whose code it loads. */
export function broughtFiles(places: Places, app: string): string[] {
  const ini = packagedIni(places, app);
  return ini === null ? [] : [ini, ...marks(places, app).map((name) => join(places.packagedApps ?? '', `${app}.d`, name))];
}

function marks({ packagedApps: folder, root }: Places, app: string): string[] {
  const names = folder === null ? null : new Folder(folder, root).list(`${app}.d`);
  // As packages are named; what else may lie there is no package's.
  return (names ?? []).filter((name) => /^[a-z0-9][a-z0-9.+-]*$/u.test(name)).sort();
}

function addTree(hash: Hash, folder: string): void {
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch {
    hash.update(`no ${folder}\n`);
    return;
  }
  for (const name of names) {
    const path = join(folder, name);
    // What Python made of the files: of every interpreter that came since.
    if (name === '__pycache__' || name.endsWith('.pyc')) continue;
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) addTree(hash, path);
    else addFile(hash, path);
  }
}

function addFile(hash: Hash, path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  hash.update(JSON.stringify([path, found === undefined ? null : describe(path, found)]));
}

function describe(path: string, found: Stats): readonly (string | number)[] {
  if (found.isSymbolicLink()) return [readlinkSync(path)];
  const seconds = Math.floor(found.mtimeMs / 1000);
  const isNamed = found.isFile() && (seconds <= NO_TIME || path.endsWith('.ini'));
  return [found.size, seconds, isNamed ? createHash('sha256').update(readFileSync(path)).digest('hex') : ''];
}
