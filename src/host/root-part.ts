import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { realpathIn } from './realpath.js';

/**
 * The part of a path, from its beginning, in which only root decides where it leads: up to the folder whose entries an
 * account may change, or the whole path. A link of root's counts if the same is true of where it leads. `root`: of
 * another system.
 */
export function rootPart(path: string, root = ''): string {
  let [part, real] = ['/', '/'];
  for (const name of path.split('/').filter((one) => one !== '')) {
    const folder = lstatSync(root + real, { throwIfNoEntry: false });
    if (folder === undefined || folder.uid !== 0 || (folder.mode & 0o022) !== 0) return part;
    let next = join(real, name);
    if (lstatSync(root + next, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
      const target = resolved(root, next);
      if (target === null || rootPart(target, root) !== target) return part;
      next = target;
    }
    [part, real] = [join(part, name), next];
  }
  return part;
}

function resolved(root: string, path: string): string | null {
  try {
    return realpathIn(root, path);
  } catch {
    return null;
  }
}
