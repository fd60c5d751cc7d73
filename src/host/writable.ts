import { accessSync, constants, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../errors.js';

/** Why nothing new can be written below a folder, to follow its path; null where it can, as far as this account may know. */
export function unwritable(folder: string): string | null {
  try {
    accessSync(folder, constants.W_OK);
    const { files, ffree } = statfsSync(folder);
    return files > 0 && ffree === 0 ? 'is on a file system without free inodes' : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && folder !== '/') return unwritable(dirname(folder));
    return code === 'EROFS' ? 'is on a file system that is mounted read-only' : null;
  }
}

/** Throws UserError for a command that could not finish, before it begins. `what`: `reload shop`. */
export function assertWritable(what: string, folders: readonly string[]): void {
  for (const folder of folders) {
    const reason = unwritable(folder);
    if (reason !== null) throw new UserError(`cannot ${what}: ${folder} ${reason}`, `findmnt --target ${folder}; df -i ${folder}`);
  }
}
