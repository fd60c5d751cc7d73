import { join } from 'node:path';
import type { Levels } from '../units/levels.js';
import type { Places } from './places.js';
import { listStranger, MEBIBYTE, readStranger, statStranger, Unreadable } from './strangers.js';

/** How many names of a folder are looked at. */
const MOST = 10_000;

/** A file whose lines systemd adds to a unit. */
export interface DropIn {
  readonly file: string;
  readonly text: string;
}

/** Where a manager looks for units, the first of equal names wins: systemd.unit(5), and UnitPath of a manager. */
export function unitPath({ mode, units }: Places, env: NodeJS.ProcessEnv): string[] {
  const between = (etc: string, run: string): string[] => [etc, `${etc}.attached`, run, `${run}.attached`];
  if (mode === 'system') {
    return [
      '/etc/systemd/system.control', '/run/systemd/system.control', '/run/systemd/transient', '/run/systemd/generator.early',
      ...between('/etc/systemd/system', '/run/systemd/system'), '/run/systemd/generator',
      '/usr/local/lib/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system', '/run/systemd/generator.late',
    ];
  }
  const run = join(env['XDG_RUNTIME_DIR'] ?? '/run/user/0', 'systemd');
  const data = [env['XDG_DATA_HOME'] ?? join(env['HOME'] ?? '/', '.local/share'), ...(env['XDG_DATA_DIRS'] || '/usr/local/share:/usr/share').split(':')];
  const configured = (env['XDG_CONFIG_DIRS'] || '/etc/xdg').split(':');
  return [
    `${units}.control`, `${run}/user.control`, `${run}/transient`, `${run}/generator.early`, units,
    ...configured.map((folder) => join(folder, 'systemd/user')), '/etc/systemd/user', `${run}/user`, '/run/systemd/user', `${run}/generator`,
    ...data.map((folder) => join(folder, 'systemd/user')), '/usr/local/lib/systemd/user', '/usr/lib/systemd/user', `${run}/generator.late`,
  ];
}

/**
 * The drop-ins of a unit that are in force, in the order in which they are applied: by their names, wherever they are. Of
 * equal names only the first counts, so that one that is empty or a link to /dev/null takes those below it away. What we
 * may not read is left out.
 */
export function dropInsOf({ named, type }: Levels, path: readonly string[], root: string): DropIn[] {
  const chosen = new Map<string, string>();
  for (const folders of [named, [type]]) {
    for (const where of path) {
      for (const folder of folders) {
        for (const name of namesIn(join(where, folder), root)) if (!chosen.has(name)) chosen.set(name, join(where, folder, name));
      }
    }
  }
  const files = [...chosen].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))).map(([, file]) => file);
  return files.map((file) => ({ file, text: textOf(file, root) })).filter(({ text }) => text !== '');
}

/** The first file of that name in the folders; null where there is none. */
export function unitFile(name: string, path: readonly string[], root: string): string | null {
  return path.map((folder) => join(folder, name)).find((file) => tolerant(() => statStranger(file, root)) !== null) ?? null;
}

/** Empty for what is no regular file, as /dev/null. */
function textOf(file: string, root: string): string {
  return tolerant(() => readStranger(file, MEBIBYTE, root)?.toString('utf8')) ?? '';
}

function namesIn(folder: string, root: string): string[] {
  const entries = tolerant(() => listStranger(folder, MOST, root)) ?? [];
  return entries.map(({ name }) => name).filter((name) => name.endsWith('.conf') && !name.startsWith('.'));
}

function tolerant<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unreadable) return null;
    throw error;
  }
}
