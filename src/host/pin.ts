import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hasControl } from '../config/control.js';
import { lineOf } from '../config/origin.js';
import { holds } from '../config/rules.js';
import type { AppConfig } from '../config/settings.js';
import { ConfigError, fileReason, type Diagnostic } from '../errors.js';
import type { Pinned } from '../units/view.js';
import { foreignIn } from './kept.js';
import { realpathIn } from './realpath.js';

/**
 * A directory that a package has for itself: not one that it shares with others, as that of all Python modules. Without
 * what a unit would want quoted in a pair of paths, which no package has in its paths.
 */
const OWN = /^\/usr\/[a-z0-9]+\/(?!.*(?:^|\/)(?:dist|site)-packages$)(?!python3$)[A-Za-z0-9_.+~@/-]+$/;

export function isOwn(directory: string): boolean {
  return OWN.test(directory);
}

/**
 * Resolves the symbolic links in an app's paths, so that a generation means one release for ever. The last component
 * of the Python is kept: a virtualenv's is a link, and known by the place of that link. Throws ConfigError where a path
 * is missing, or what it resolves to cannot stand in a unit file. `isPackaged`: a package brought the app.
 */
export function pin(config: AppConfig, runner: string, isPackaged: boolean, root = ''): Pinned {
  const faults: Diagnostic[] = [];
  const { app } = config;

  const resolve = (path: string, key: string, kind: 'directory' | 'file'): string => {
    try {
      const real = realpathIn(root, path);
      // A symbolic link is anybody's text.
      if (hasControl(real)) throw new Error('resolves to a path with a control character');
      const found = statSync(root + real);
      if (kind === 'directory' && !found.isDirectory()) throw new Error('is not a directory');
      if (kind === 'file' && !found.isFile()) throw new Error('is not a file');
      return real;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const reason = code === undefined ? message : (fileReason(code) ?? `cannot be read (${code})`);
      faults.push({ ...lineOf(config, `app.${key}`), message: `${key} ${path} ${reason}`, severity: 'error' });
      return path;
    }
  };

  const pythonKey = app.virtualenv === null ? 'python' : 'virtualenv';
  const python = join(resolve(dirname(app.python), pythonKey, 'directory'), basename(app.python));
  if (faults.length === 0 && !isThere(root, python)) {
    const message = `there is no Python at ${app.python}`;
    faults.push({ ...lineOf(config, `app.${pythonKey}`), message, severity: 'error' });
  }
  const directory = app.directory === null ? null : resolve(app.directory, 'directory', 'directory');
  const own = isPackaged && directory !== null && isOwn(directory) ? directory : null;
  const foreign = own === null || faults.length > 0 ? null : foreignIn(root, own);
  const pinned: Pinned = {
    directory,
    python,
    script: app.script === null ? null : resolve(app.script, 'script', 'file'),
    pythonPath: (app['python-path'] ?? []).map((path) => resolve(path, 'python-path', 'directory')),
    gunicornConfig: app['gunicorn-config'] === null ? null : resolve(app['gunicorn-config'], 'gunicorn-config', 'file'),
    kept: foreign === null ? own : null,
    foreign,
    runner,
  };
  refuseShown(config, [directory, pinned.script], root, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return pinned;
}

/** What the proxy serves as files must not be the app itself, through whatever links. */
function refuseShown(config: AppConfig, own: readonly (string | null)[], root: string, faults: Diagnostic[]): void {
  for (const [index, { directory }] of config.proxy.static.entries()) {
    if (!isThere(root, directory)) continue;
    const inside = own.find((path) => path !== null && holds(realpathIn(root, directory), path));
    if (inside === undefined) continue;
    const message = `${directory} holds the app itself (${inside}): the proxy would show its code`;
    faults.push({ ...lineOf(config, 'proxy.static', index), message, hint: 'name the folder of the files alone', severity: 'error' });
  }
}

function isThere(root: string, path: string): boolean {
  try {
    realpathIn(root, path);
    return true;
  } catch {
    return false;
  }
}

/** The paths of a generation that are not there (any more); not those below one that is named already, nor what this account may not see. */
export function missing(needs: readonly string[]): string[] {
  const gone = needs.filter((path) => {
    try {
      statSync(path);
      return false;
    } catch (error) {
      return /^(ENOENT|ENOTDIR|ELOOP)$/u.test((error as NodeJS.ErrnoException).code ?? '');
    }
  });
  return gone.filter((path) => !gone.some((other) => path.startsWith(`${other}/`)));
}
