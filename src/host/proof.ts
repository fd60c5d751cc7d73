import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { proofDirective, proofFile, proofInclude, SECRET } from '../config/proof.js';
import { UserError } from '../errors.js';
import { readIfThere, writeWhole } from './files.js';

const PROXIES = ['apache', 'nginx'] as const;

/**
 * Makes the secret by which the proxy of an app proves itself, where there is none yet, and the files that a proxy
 * includes: all for root alone. One that is there stays as it is. Of several lines, the proxy tells the first one.
 * Throws UserError for a file that holds something else. `isKnown`: all workers know the first one by now, so that a proxy
 * may tell it; else what it tells stays.
 */
export function ensureProof(stateDirectory: string, app: string, isKnown = false): void {
  const file = proofFile(stateDirectory, app);
  const secret = read(file) ?? make(file);
  for (const proxy of PROXIES) {
    const include = proofInclude(file, proxy);
    const text = `# Written by wsgictl from ${file}: nobody but root may read it.\n${proofDirective(proxy, secret)}\n`;
    const before = readIfThere(include);
    if (before === null || (isKnown && before !== text)) writeWhole(include, text, 0o600);
  }
}

function read(file: string): string | null {
  const text = readIfThere(file);
  if (text === null) return null;
  const lines = text.split('\n').filter((line) => line !== '');
  const [first] = lines;
  if (first === undefined || lines.length > 8 || !lines.every((line) => SECRET.test(line))) {
    throw new UserError(`${file} holds no secret: one a line, each of 32 to 256 letters and digits`, `rm ${file}, for a new one`);
  }
  return first;
}

/** Whole or not at all, and never over one that somebody else has just made. */
function make(file: string): string {
  const secret = randomBytes(32).toString('hex');
  const temporary = `${file}.${randomBytes(8).toString('hex')}`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeWhole(temporary, `${secret}\n`, 0o600);
  try {
    linkSync(temporary, file);
    return secret;
  } catch (error) {
    const there = (error as NodeJS.ErrnoException).code === 'EEXIST' ? read(file) : null;
    if (there === null) throw error;
    return there;
  } finally {
    rmSync(temporary, { force: true });
  }
}
