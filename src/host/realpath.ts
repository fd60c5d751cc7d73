import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** As many as the kernel follows before it says ELOOP: path_resolution(7). */
const LINKS = 40;

/**
 * The path without symbolic links, as a process with that root directory would see it: a link to /srv leads to the
 * root's own /srv, not to this machine's. Throws as realpath(3) does.
 */
export function realpathIn(root: string, path: string): string {
  return root === '' ? realpathSync(path) : walk(root, path, () => {});
}

/** The directories that hold the symbolic links on the way to a path, as far as it exists. */
export function linkFolders(root: string, path: string): readonly string[] {
  const folders = new Set<string>();
  try {
    walk(root, path, (folder) => folders.add(folder));
  } catch {
    // What is missing may come later.
  }
  return [...folders];
}

function walk(root: string, path: string, onLink: (folder: string) => void): string {
  const left = path.split('/').reverse();
  let real = '/';
  let links = 0;
  while (left.length > 0) {
    const part = left.pop() as string;
    if (part === '' || part === '.') continue;
    const next = join(real, part); // and .. goes one up, as far as /
    if (!lstatSync(root + next).isSymbolicLink()) {
      real = next;
      continue;
    }
    if (++links > LINKS) throw Object.assign(new Error(`ELOOP: too many symbolic links, ${path}`), { code: 'ELOOP' });
    onLink(real);
    const target = readlinkSync(root + next);
    if (target.startsWith('/')) real = '/';
    left.push(...target.split('/').reverse());
  }
  return real;
}
