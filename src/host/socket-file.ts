import { chmodSync, chownSync, lstatSync, type Stats } from 'node:fs';
import { holdFile } from './inside.js';

/** Who may connect to a socket that has a path. */
export interface FileAccess {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Whether a path is a socket with another mode or owner. */
export function differs(path: string, wanted: FileAccess): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats !== undefined && stats.isSocket() && !isSo(stats, wanted);
}

/**
 * Gives a socket another mode and owner, in place: whoever waits at it waits on. What is none is left alone, and no link is
 * followed; that nobody else can put one there meanwhile, the caller knows. At no moment more may connect than before or
 * after it.
 */
export function setAccess(path: string, wanted: FileAccess): void {
  holdFile(path, (held, stats) => {
    if (!stats.isSocket() || isSo(stats, wanted)) return;
    if (stats.uid !== wanted.uid || stats.gid !== wanted.gid) {
      chmodSync(held, stats.mode & wanted.mode & 0o777);
      chownSync(held, wanted.uid, wanted.gid);
    }
    chmodSync(held, wanted.mode);
  });
}

function isSo({ mode, uid, gid }: Stats, wanted: FileAccess): boolean {
  return (mode & 0o777) === wanted.mode && uid === wanted.uid && gid === wanted.gid;
}
