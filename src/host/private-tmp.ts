import { chmodSync, lstatSync, mkdirSync, renameSync, rmSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, temporaryFor } from './files.js';
import type { Places } from './places.js';

/** One of the two private folders that an app's workers share. */
interface PrivateFolder {
  /** What the workers see it as: `/tmp` or `/var/tmp`. */
  readonly seen: string;
  /** root's own, 0700; in it is `tmp`, for all. systemd never looks for another one as long as anybody holds this. */
  readonly folder: string;
}

/** systemd names them so: its own tmpfiles.d/tmp.conf spares them by that name. */
const NAME = /\/(systemd-private-[^/]+)\/tmp(?:\/\/deleted)?$/;

/** Which of an app's private /tmp and /var/tmp are gone, as its workers call them: each worker that starts fails for it. */
export function lostTmp(places: Pick<Places, 'runtime'>, app: string): string[] {
  return foldersOf(places, app).filter(({ folder }) => !isWhole(folder)).map(({ seen }) => seen);
}

/**
 * Makes those again that something has cleared away, by the names that systemd goes on using. What stands there by
 * somebody else's hand is moved aside, not opened. Returns them as the workers call them. Throws as mkdir(2) does.
 */
export function mendTmp(places: Pick<Places, 'runtime'>, app: string): string[] {
  return foldersOf(places, app).filter(({ folder }) => !isWhole(folder)).map(({ seen, folder }) => {
    if (!isThere(seen)) make(seen, 0o1777);
    if (!isOurs(folder)) {
      if (isThere(folder)) renameSync(folder, temporaryFor(folder));
      make(folder, 0o700);
    }
    const inner = join(folder, 'tmp');
    rmSync(inner, { force: true, recursive: true });
    make(inner, 0o1777);
    return seen;
  });
}

/** wsgi-app-tmp@.service wrote down its mounts: proc_pid_mountinfo(5). */
function foldersOf({ runtime }: Pick<Places, 'runtime'>, app: string): PrivateFolder[] {
  return (readIfThere(join(runtime, 'tmp', app)) ?? '').split('\n').flatMap((line) => {
    const [, , , root = '', seen = ''] = line.split(' ');
    const name = NAME.exec(root)?.[1];
    return name === undefined || !['/tmp', '/var/tmp'].includes(seen) ? [] : [{ seen, folder: join(seen, name) }];
  });
}

function isWhole(folder: string): boolean {
  return isOurs(folder) && isThere(join(folder, 'tmp'), (found) => found.isDirectory());
}

function isOurs(folder: string): boolean {
  return isThere(folder, (found) => found.isDirectory() && [0, process.getuid?.()].includes(found.uid));
}

/** Whoever may not look sees nothing wrong. */
function isThere(path: string, isRight: (found: Stats) => boolean = () => true): boolean {
  try {
    return isRight(lstatSync(path));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

function make(path: string, mode: number): void {
  mkdirSync(path, { mode });
  chmodSync(path, mode);
}
