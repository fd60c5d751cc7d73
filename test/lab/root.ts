// The root file systems that labs boot over: made once by make-root.sh, kept in the user's cache directory.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, utimesSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type Release = 'bookworm' | 'trixie';

/** Which releases the tests run on: both, or the one that `WSGICTL_LAB` names. */
export const RELEASES: readonly Release[] = chosenReleases(process.env['WSGICTL_LAB']);

function chosenReleases(wish: string | undefined): Release[] {
  const all: Release[] = ['bookworm', 'trixie'];
  if (!wish) return all;
  const chosen = all.filter((release) => wish.split(/[ ,]+/).includes(release));
  if (chosen.length === 0) throw new Error(`WSGICTL_LAB=${wish} names none of: ${all.join(', ')}`);
  return chosen;
}

/** Path of a script of this directory; the compiled files lie in .build/test/lab, the scripts do not. */
export function labScript(name: string): string {
  return fileURLToPath(new URL(`../../../test/lab/${name}`, import.meta.url));
}

function cacheDirectory(): string {
  const { WSGICTL_LAB_CACHE, XDG_CACHE_HOME } = process.env;
  return WSGICTL_LAB_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'wsgictl', 'lab');
}

/** Gives the directory of the release's root, making it first where there is none yet: that takes minutes. */
export async function ensureRoot(release: Release, log = progressToTerminal): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error('the lab needs root: it makes namespaces and mounts');
  const recipe = labScript('make-root.sh');
  const hash = createHash('sha256').update(readFileSync(recipe)).digest('hex').slice(0, 12);
  const target = join(cacheDirectory(), `${release}-${hash}`);
  if (existsSync(target)) {
    utimesSync(target, new Date(), new Date()); // the recipe removes roots that nobody has booted for long
    return target;
  }
  await make(recipe, release, target, log);
  return target;
}

async function make(recipe: string, release: Release, target: string, log: (line: string) => void): Promise<void> {
  log(`lab: making a ${release} root in ${target} (once; some minutes)`);
  const started = Date.now();
  const child = spawn(recipe, [release, target], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lastLines: string[] = [];
  let saidAt = Date.now();
  const onLine = (line: string): void => {
    lastLines.push(line);
    if (lastLines.length > 30) lastLines.shift();
    const isStage = line.startsWith('== ');
    if (!isStage && Date.now() - saidAt < 10_000) return; // a sign of life, not the thousand lines of apt
    saidAt = Date.now();
    const seconds = Math.round((saidAt - started) / 1000);
    log(`lab: ${release} root, ${seconds} s: ${isStage ? line.slice(3) : line.slice(0, 100)}`);
  };
  createInterface({ input: child.stdout }).on('line', onLine);
  createInterface({ input: child.stderr }).on('line', onLine);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`cannot make the ${release} root (${recipe}):\n${lastLines.join('\n')}`);
}

function progressToTerminal(line: string): void {
  process.stderr.write(`${line}\n`);
}
