import { statSync } from 'node:fs';
import { linkFolders, realpathIn } from './realpath.js';

/** By paths: what a touch changes of each; null where the file is missing. */
export type Stamps = Readonly<Record<string, string | null>>;

export function stampsOf(root: string, paths: readonly string[]): Stamps {
  return Object.fromEntries(paths.map((path) => [path, stampOf(root, path)]));
}

/** Of a directory only which one it is: its time changes with everything that is made in it. */
function stampOf(root: string, path: string): string | null {
  try {
    const real = realpathIn(root, path);
    const stat = statSync(root + real, { bigint: true });
    return `${real} ${stat.dev}:${stat.ino}${stat.isDirectory() ? '' : ` ${stat.mtimeNs}`}`;
  } catch {
    return null;
  }
}

/**
 * What is to be watched, so that no touch of the paths goes unnoticed. systemd follows the links in a path, but does not
 * notice one that is switched: its directory tells.
 */
export function watchedFor(root: string, paths: readonly string[]): readonly string[] {
  return [...new Set(paths.flatMap((path) => {
    const folders = linkFolders(root, path);
    return folders.length > 0 && isDirectory(root, path) ? folders : [path, ...folders];
  }))];
}

function isDirectory(root: string, path: string): boolean {
  try {
    return statSync(root + realpathIn(root, path)).isDirectory();
  } catch {
    return false;
  }
}
