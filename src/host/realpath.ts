import { lstatSync, readlinkSync, realpathSync, statSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';

/** As many as the kernel follows before it says ELOOP: path_resolution(7). */
const LINKS = 40;

export interface Step {
  readonly path: string;
  /** Of the link itself, where it is one. */
  readonly stats: Stats;
}

/** The way to a path: `real` is what it leads to, or null, with the error that says why not. */
export interface Way {
  /** Each directory and link, in the order in which the kernel passes them; the root first, the path's own end last. */
  readonly steps: readonly Step[];
  readonly real: string | null;
  readonly error: NodeJS.ErrnoException | null;
}

/**
 * Goes to a path link by link, as a process with that root directory would: a link to /srv leads to the root's own /srv,
 * not to this machine's. Opens nothing.
 */
export function wayTo(root: string, path: string): Way {
  const steps: Step[] = [];
  try {
    return { steps, real: walk(root, path, (step) => steps.push(step)), error: null };
  } catch (error) {
    return { steps, real: null, error: error as NodeJS.ErrnoException };
  }
}

/** The path without symbolic links, seen from that root. Throws as realpath(3) does. */
export function realpathIn(root: string, path: string): string {
  return root === '' ? realpathSync(path) : walk(root, path, () => {});
}

/** The directories that hold the symbolic links on the way to a path, as far as it exists. */
export function linkFolders(root: string, path: string): readonly string[] {
  const links = wayTo(root, path).steps.filter(({ stats }) => stats.isSymbolicLink());
  return [...new Set(links.map((link) => dirname(link.path)))];
}

function walk(root: string, path: string, visit: (step: Step) => void): string {
  const left = path.split('/').reverse();
  let real = '/';
  let links = 0;
  visit({ path: real, stats: statSync(root === '' ? '/' : root) });
  while (left.length > 0) {
    const part = left.pop() as string;
    if (part === '' || part === '.') continue;
    const next = join(real, part); // and .. goes one up, as far as /
    const stats = lstatSync(root + next);
    visit({ path: next, stats });
    if (!stats.isSymbolicLink()) {
      real = next;
      continue;
    }
    if (++links > LINKS) throw Object.assign(new Error(`ELOOP: too many symbolic links, ${path}`), { code: 'ELOOP' });
    const target = readlinkSync(root + next);
    if (target.startsWith('/')) real = '/';
    left.push(...target.split('/').reverse());
  }
  return real;
}
