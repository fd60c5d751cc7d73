import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../errors.js';

/**
 * Refuses a file that somebody else than root (or the user we run as) could change, by itself or by a folder above it:
 * what is in it ends up in commands that systemd runs as root. `top`: the last folder to look at. Throws UserError.
 */
export function assertTrusted(file: string, top = '/', uid = process.getuid?.() ?? 0): void {
  const root = rootHere();
  for (let path = file; ; path = dirname(path)) {
    const found = statSync(path);
    const sticky = found.isDirectory() && (found.mode & 0o1000) !== 0;
    if (found.uid !== root && found.uid !== uid) {
      throw new UserError(`cannot trust ${file}: ${path} belongs to another account than root`, `chown root ${path}`);
    }
    if ((found.mode & 0o002) !== 0 && !sticky) {
      throw new UserError(`cannot trust ${file}: ${path} can be written by everybody`, `chmod o-w ${path}`);
    }
    if ((found.mode & 0o020) !== 0 && !sticky && found.gid !== 0 && uid === 0) {
      throw new UserError(`cannot trust ${file}: ${path} can be written by its group`, `chmod g-w ${path}`);
    }
    if (path === top || path === dirname(path)) return;
  }
}

/** The account that all belong to who have no number in a user namespace. */
const NOBODY = 65534;

/**
 * The number that root has here. In the user namespace that a user manager makes for PrivateTmp= (systemd 257 does), only
 * the user has one. Any other account looks the same there: that nobody else may write is looked at all the same.
 */
function rootHere(): number {
  const map = readFileSync('/proc/self/uid_map', 'utf8');
  return /^ *0 /m.test(map) ? 0 : NOBODY;
}
