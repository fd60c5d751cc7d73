import { closeSync, constants, existsSync, fstatSync, mkdirSync, openSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { fileTrouble, UserError } from '../errors.js';

/** As many as the kernel follows before it says ELOOP: path_resolution(7). */
const LINKS = 40;

/** open(2): a handle to go on from, which takes no right to read, wakes no device and waits for no FIFO. Node does not name it. */
export const O_PATH = 0o10000000;

/** A chroot in which dpkg works may have no /proc. What is held open has no other name then than its own. */
const HAS_PROC = existsSync('/proc/self/fd');

const FOLDER = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;

export interface Way {
  /** Folders that are missing on the way are made. */
  readonly make?: boolean;
  /** The last component is meant itself if it is a symbolic link. */
  readonly keep?: boolean;
}

/**
 * Gives `use` a path by which this machine reaches what a process with that root directory would find at `path`: a link
 * to /srv leads to the root's own /srv, not to this machine's. So it is even if somebody in there switches links
 * meanwhile: the folders are held open, and the last component is no link, unless it is switched, so that it is to be
 * opened with O_NOFOLLOW. With an empty root it is the path itself. Throws as open(2) does, and UserError for what only a
 * broken or hostile tree has.
 */
export function inside<T>(root: string, path: string, use: (here: string) => T, way: Way = {}): T {
  if (root !== '' && (HAS_PROC || root !== '/')) return walk(root, path, use, way);
  if (way.make === true) mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  return use(root === '' || way.keep === true ? path : realIfThere(path));
}

/** With / as the root, a link leads where it leads for us. */
function realIfThere(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Gives `use` a path of a directory that stays the same one, whatever somebody puts in its place. Throws ENOTDIR for what is none, a link too. */
export function holdFolder<T>(path: string, use: (held: string) => T): T {
  const handle = openSync(path, FOLDER);
  try {
    return use(HAS_PROC ? `/proc/self/fd/${handle}/.` : path);
  } finally {
    closeSync(handle);
  }
}

/** Gives `use` what is at a path, a link itself too, and a path by which to read just that. Nothing is opened yet. */
export function holdFile<T>(path: string, use: (held: string, stats: Stats) => T): T {
  const handle = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    return use(HAS_PROC ? `/proc/self/fd/${handle}` : path, fstatSync(handle));
  } finally {
    closeSync(handle);
  }
}

function walk<T>(root: string, path: string, use: (here: string) => T, { make = false, keep = false }: Way): T {
  const held: number[] = [];
  const below = (name: string): string => `/proc/self/fd/${held.at(-1)}/${name}`;
  const up = (): void => closeSync(held.pop() as number);
  try {
    held.push(openSync(root, O_PATH | constants.O_DIRECTORY)); // may be a link: it is the user's word
    const left = partsOf(path);
    let links = 0;
    for (let part = left.pop(); part !== undefined; part = left.pop()) {
      if (part === '..') {
        if (held.length > 1) up(); // as far as the root
        continue;
      }
      const isLast = left.length === 0;
      const target = isLast && keep ? null : linkAt(below(part));
      if (target !== null) {
        if (++links > LINKS) throw Object.assign(new Error('too many symbolic links'), { code: 'ELOOP', errno: -40 });
        if (target.startsWith('/')) while (held.length > 1) up();
        left.push(...partsOf(target));
      } else if (isLast) {
        return use(below(part));
      } else {
        held.push(openFolder(below(part), make));
      }
    }
    return use(below('.'));
  } catch (error) {
    throw inWords(error, root + path);
  } finally {
    for (const handle of held) closeSync(handle);
  }
}

/** The last one first. */
function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.').reverse();
}

function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EINVAL' || code === 'ENOENT') return null;
    throw error;
  }
}

function openFolder(path: string, make: boolean): number {
  try {
    return openSync(path, FOLDER);
  } catch (error) {
    if (!make || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(path, { recursive: true, mode: 0o755 });
    return openSync(path, FOLDER);
  }
}

/** An error that names the path as it was asked for, with its code. What only a hostile or broken tree can cause is a user's error. */
function inWords(error: unknown, path: string): unknown {
  const { code, errno, message } = error as NodeJS.ErrnoException;
  if (code === undefined || errno === undefined || error instanceof UserError) return error;
  const named = Object.assign(new Error(message.replace(/, (\w+) '.*/s, `, $1 '${path}'`)), { code, path });
  const isOrdinary = ['ENOENT', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT', 'EROFS'].includes(code);
  return isOrdinary ? named : Object.assign(fileTrouble(named) ?? named, { code, path });
}
