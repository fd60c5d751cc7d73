import { dirname, join } from 'node:path';
import { userRuntime } from '../systemd/connect.js';
import type { Mode } from '../units/view.js';

/** The directories that wsgictl reads and writes. */
export interface Places {
  readonly mode: Mode;
  /** The root of another system to work on (`--root`), or an empty string. Unit texts never contain it. */
  readonly root: string;
  readonly apps: string;
  /** Where packages put the INI files of their apps, or null where none are looked for. */
  readonly packagedApps: string | null;
  readonly units: string;
  /** Where a package puts unit files; ours are not written again if they are there. */
  readonly packagedUnits: readonly string[];
  readonly state: string;
  readonly runtime: string;
  /** Where systemd looks for units that are gone at the next boot. */
  readonly runtimeUnits: string;
  /** Templates in the first one win. */
  readonly templates: readonly string[];
  readonly worker: string;
  /** The file that runs; the units run it by `node`, or by itself where that is null. */
  readonly program: string;
  readonly node: string | null;
}

/**
 * `program`: the file that runs, with links resolved; templates and the worker runner are beside it.
 * Throws nothing.
 */
export function places(mode: Mode, program: string, env: NodeJS.ProcessEnv, root = ''): Places {
  const library = dirname(program);
  const common = { mode, root, worker: join(library, 'worker'), program, node: process.execPath };
  if (mode === 'user') {
    const home = env['HOME'] ?? '/';
    const runtime = userRuntime(env, process.getuid?.() ?? 0);
    const config = env['XDG_CONFIG_HOME'] ?? join(home, '.config');
    return {
      ...common,
      apps: join(config, 'wsgictl/apps.d'),
      packagedApps: null,
      units: join(config, 'systemd/user'),
      packagedUnits: ['/usr/lib/systemd/user', '/usr/local/lib/systemd/user'],
      state: join(env['XDG_STATE_HOME'] ?? join(home, '.local/state'), 'wsgictl'),
      runtime: join(runtime, 'wsgi'),
      runtimeUnits: join(runtime, 'systemd/user'),
      templates: [join(config, 'wsgictl/templates'), join(library, 'templates')],
    };
  }
  return {
    ...common,
    apps: '/etc/wsgictl/apps.d',
    packagedApps: '/usr/share/wsgictl/apps.d',
    units: '/etc/systemd/system',
    packagedUnits: ['/usr/lib/systemd/system', '/usr/local/lib/systemd/system', '/lib/systemd/system'],
    state: '/var/lib/wsgictl',
    runtime: '/run/wsgi',
    runtimeUnits: '/run/systemd/system',
    templates: ['/etc/wsgictl/templates', join(library, 'templates')],
  };
}
