import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Places } from './places.js';

/** What is for all to read of an app's state. Not the frozen INI files, the code and the secrets: they have modes of their own. */
const STATE = /^(?:processes|wish|touched|socket-move|proxy|rolls\/[0-9]+\.jsonl|generations\/[0-9]+\/(?:record\.json|unit\.service))$/;

/** Unit files, and the folder of a socket's drop-in. Drop-ins of an administrator are his. */
const UNITS = /^wsgi-(?:app|request|worker)[^/]*(?:\.(?:service|socket|target|timer|path)|\.socket\.d)$/;

/**
 * Gives back the modes that wsgictl's files have, where they were made under another umask, or restored from a backup
 * without them: the apps' accounts run the worker runner, and everybody may ask for the status. Rights are only added,
 * and what cannot be changed (a disk that is mounted read-only) stays. Throws nothing.
 */
export function mendModes({ mode, root, state, units, runtime }: Places, apps: readonly string[]): void {
  if (mode !== 'system' || root !== '' || process.getuid?.() !== 0) return; // else they are their user's own
  for (const folder of [state, runtime, join(runtime, 'failed'), join(runtime, 'tmp')]) mend(folder);
  mendTree(join(state, '.runner'), '', () => true);
  for (const app of apps) mendTree(join(state, app), '', (name) => STATE.test(name));
  for (const name of namesIn(units).filter((one) => UNITS.test(one))) mendTree(units, name, (file) => !file.includes('/') || file.endsWith('/10-wsgictl.conf'));
}

/** Folders on the way to what is wanted too; a link is nobody's to mend. */
function mendTree(base: string, name: string, isOurs: (name: string) => boolean): void {
  const path = join(base, name);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) {
    if (/(?:^|\/)code$/.test(name)) return;
    mend(path);
    for (const one of namesIn(path)) mendTree(base, join(name, one), isOurs);
  } else if (found?.isFile() === true && isOurs(name)) mend(path);
}

function mend(path: string): void {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined || found.isSymbolicLink()) return;
    const wanted = found.mode | (found.isDirectory() ? 0o755 : 0o644);
    if (wanted !== found.mode) chmodSync(path, wanted & 0o7777);
  } catch {
    // Whoever needs the file says what is wrong with it.
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
