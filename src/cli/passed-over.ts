import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { oneLine } from '../config/visible.js';
import { UserError } from '../errors.js';
import { writeWhole } from '../host/files.js';
import type { Places } from '../host/places.js';

/** How long systemd-analyze may take, in ms, and how much it may say, in bytes. */
const PATIENCE = 20_000;
const MOST = 1_048_576;

/**
 * The lines of a unit that this machine's systemd would pass over, by the same code that would do so, and why. Not from the
 * journal, where systemd says so too: it may not be kept. Throws UserError where systemd-analyze does not run.
 */
export function passedOver(places: Places, text: string): { readonly line: number; readonly message: string }[] {
  mkdirSync(places.runtime, { recursive: true, mode: 0o755 });
  const folder = mkdtempSync(join(places.runtime, 'check-'));
  try {
    // It takes no name with a `:`, which those of our units may have.
    const file = join(folder, 'wsgi-check.service');
    writeWhole(file, text);
    const user = places.mode === 'user' ? ['--user'] : [];
    const { error, stderr } = spawnSync('systemd-analyze', [...user, 'verify', '--recursive-errors=no', file], {
      encoding: 'utf8', timeout: PATIENCE, maxBuffer: MOST, killSignal: 'SIGKILL',
      env: { ...process.env, LC_ALL: 'C', SYSTEMD_LOG_TARGET: 'console', SYSTEMD_LOG_COLOR: '0', SYSTEMD_LOG_LOCATION: '0', SYSTEMD_LOG_TIME: '0' },
    });
    if (error !== undefined) throw new UserError(`cannot run systemd-analyze, which knows what systemd takes: ${error.message}`);
    return complaints(stderr, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What systemd-analyze says about lines of a file; what it says of other units is not asked for. */
export function complaints(said: string, file: string): { readonly line: number; readonly message: string }[] {
  return said.split('\n').flatMap((one) => {
    if (!one.startsWith(`${file}:`)) return [];
    const [, line, message = ''] = /^([0-9]+): (.*)$/su.exec(one.slice(file.length + 1)) ?? [];
    return line === undefined ? [] : [{ line: Number(line), message: oneLine(message) }];
  });
}
