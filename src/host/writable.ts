import { accessSync, constants, realpathSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../errors.js';

/** What is read-only in the sandbox of wsgictl's own units, wherever a link of the state directory leads. */
const READ_ONLY = /^\/(?:etc|boot|efi|opt|srv|home|root|usr\/(?:bin|sbin|local))(?:\/|$)/;

/** Why nothing new can be written below a folder, to follow its path; null where it can, as far as this account may know. */
export function unwritable(folder: string, adds = true): string | null {
  try {
    accessSync(folder, constants.W_OK);
    if (!adds) return null;
    const real = realpathSync(folder);
    if (folder.startsWith('/var/') && READ_ONLY.test(real)) return `leads to ${real}, which what rolls may not write: mount it there instead (mount --bind)`;
    const { files, ffree } = statfsSync(folder);
    return files > 0 && ffree === 0 ? 'is on a file system without free inodes' : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && folder !== '/') return unwritable(dirname(folder), adds);
    return code === 'EROFS' ? 'is on a file system that is mounted read-only' : null;
  }
}

/** Throws UserError for a command that could not finish, before it begins. `what`: `reload shop`; one that `adds` no files needs no room. */
export function assertWritable(what: string, folders: readonly string[], { adds = true } = {}): void {
  for (const folder of folders) {
    const reason = unwritable(folder, adds);
    if (reason !== null) throw new UserError(`cannot ${what}: ${folder} ${reason}`, `findmnt --target ${folder}; df -i ${folder}`);
  }
}
