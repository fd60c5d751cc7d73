import { closeSync, constants, fstatSync, lstatSync, openSync, opendirSync, readSync, type Dirent, type Stats } from 'node:fs';
import { fileReason, UserError } from '../errors.js';
import { inside, O_PATH } from './inside.js';

/** The most that a file is read of that somebody else may have written, in bytes: of a project or an INI file. */
export const MEBIBYTE = 1_048_576;

export const DIRECTORY = fileReason('EISDIR') as string;

/** A file that is there, and is not read. */
export class Unreadable extends UserError {
  constructor(
    readonly path: string,
    /** `is a FIFO, not a file` */
    readonly reason: string,
  ) {
    super(`cannot read ${path}: it ${reason}`, reason === fileReason('EACCES') ? 'try again as root (sudo)' : undefined);
  }
}

/**
 * The bytes of a file that somebody else may have written; null where there is none. Only a regular file is ever opened:
 * a FIFO would be waited at, a device may begin to work. Throws Unreadable, also where there are more bytes than `most`.
 * `root`: the root that the path is seen from.
 */
export function readStranger(path: string, most: number, root = ''): Buffer | null {
  let looked: number | null = null;
  let file: number | null = null;
  try {
    looked = inside(root, path, (here) => openSync(here, root === '' ? O_PATH : O_PATH | constants.O_NOFOLLOW));
    const found = fstatSync(looked);
    if (!found.isFile()) throw new Unreadable(root + path, kindOf(found));
    if (found.size > most) throw new Unreadable(root + path, `has more than ${most / MEBIBYTE} MiB`);
    // By its descriptor: what is at the path may be another one by now.
    file = openSync(`/proc/self/fd/${looked}`, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    return readFirst(file, found.size);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw code === undefined ? error : new Unreadable(root + path, fileReason(code) ?? `cannot be read (${code})`);
  } finally {
    for (const one of [file, looked]) if (one !== null) closeSync(one);
  }
}

/** The first entries of a directory, at most so many; null where there is none. Throws Unreadable. */
export function listStranger(path: string, most: number, root = ''): Dirent[] | null {
  try {
    const directory = inside(root, path, (here) => opendirSync(here));
    try {
      const entries: Dirent[] = [];
      for (let entry = directory.readSync(); entry !== null && entries.length < most; entry = directory.readSync()) entries.push(entry);
      return entries;
    } finally {
      directory.closeSync();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw code === undefined ? error : new Unreadable(root + path, fileReason(code) ?? `cannot be read (${code})`);
  }
}

/** What there is at a path, a link itself; null for nothing. Throws Unreadable. */
export function statStranger(path: string, root = ''): Stats | null {
  try {
    return inside(root, path, (here) => lstatSync(here), { keep: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw code === undefined ? error : new Unreadable(root + path, fileReason(code) ?? `cannot be read (${code})`);
  }
}

/** So many bytes, or fewer where it has become shorter. What has no size (/proc) is empty. */
function readFirst(file: number, size: number): Buffer {
  const content = Buffer.alloc(size);
  let end = 0;
  while (end < size) {
    const read = readSync(file, content, end, size - end, null);
    if (read === 0) break;
    end += read;
  }
  return content.subarray(0, end);
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return DIRECTORY;
  return `is a ${found.isFIFO() ? 'FIFO' : found.isSocket() ? 'socket' : 'device'}, not a file`;
}
