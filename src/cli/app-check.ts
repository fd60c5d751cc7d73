import { spawnSync } from 'node:child_process';
import { passedOver } from '../config/env-file.js';
import { lineOf } from '../config/origin.js';
import type { AppConfig } from '../config/settings.js';
import { ConfigError, fileTrouble, UserError, type Diagnostic } from '../errors.js';
import { readAccounts } from '../host/accounts.js';
import { readTrusted } from '../host/trust.js';
import type { Wire } from './wire.js';

/**
 * What of an app only this machine knows, and systemd says too late: accounts that there are not, which would take a
 * running app's socket down, and what it ignores in environment-files. Throws ConfigError for what would not work;
 * returns what would only not be as it was meant.
 */
export function checkHost(wire: Wire, config: AppConfig): Diagnostic[] {
  const faults = wire.places.mode === 'system' ? missingAccounts(wire, config) : [];
  if (faults.length > 0) throw new ConfigError(faults);
  return config.app['environment-file'].flatMap(({ path }, index) => ofEnvironmentFile(wire, config, path, index));
}

function missingAccounts({ places: { root } }: Wire, config: AppConfig): Diagnostic[] {
  const { app, socket } = config;
  const known = readAccounts(root);
  const wanted = [
    ['app.user', 'user', app.user], ['app.group', 'group', app.group], ['socket.user', 'user', socket.user], ['socket.group', 'group', socket.group],
  ] as const;
  return wanted.flatMap(([setting, kind, name]): Diagnostic[] => {
    if (name === null || known[kind](name) !== null || isElsewhere(kind, name, root)) return [];
    const hint = kind === 'user' ? `useradd --system ${name}` : `groupadd --system ${name}`;
    return [{ ...lineOf(config, setting), message: `there is no ${kind} ${name}`, hint, severity: 'error' }];
  });
}

/** Whether a directory service may know an account: getent(1) says 2 for those that nobody knows. Another root's is not asked. */
function isElsewhere(kind: 'user' | 'group', name: string, root: string): boolean {
  if (root !== '') return true;
  return spawnSync('getent', ['--', kind === 'user' ? 'passwd' : 'group', name], { stdio: 'ignore', timeout: 10_000 }).status !== 2;
}

/** Whoever may not read the file has root look for himself; what must not be opened is told elsewhere. */
function ofEnvironmentFile({ places: { root } }: Wire, config: AppConfig, path: string, index: number): Diagnostic[] {
  let content: Buffer;
  try {
    content = readTrusted(path, root).content;
  } catch (error) {
    if (fileTrouble(error) === null && !(error instanceof UserError)) throw error;
    return [];
  }
  const text = content.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(content)) {
    throw new ConfigError([{ ...lineOf(config, 'app.environment-file', index), message: `environment-file ${path} is not UTF-8: systemd would not start the app`, severity: 'error' }]);
  }
  return passedOver(text).map((one) => ({ file: path, severity: 'warning', ...one }));
}
