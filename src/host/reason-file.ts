import { chmodSync, chownSync, readFileSync } from 'node:fs';
import { visibleJson } from '../config/visible.js';
import { fileTrouble } from '../errors.js';
import type { Reason } from '../roll/reason.js';
import { readAccounts } from './accounts.js';
import { writeWhole } from './files.js';
import type { Ledger } from './ledger.js';

/** Those who may read all of the journal: systemd-journald.service(8). */
const READERS = 'systemd-journal';

/** Where it is kept why a roll failed. */
export function reasonFile(ledger: Pick<Ledger, 'rollFile'>, roll: number): string {
  return ledger.rollFile(roll).replace(/jsonl$/u, 'reason');
}

/**
 * Keeps why a roll failed, in the worker's own words: the journal may be gone by the time that somebody asks. What an app
 * says may be for few, so it is for those who may read the journal. Nothing is kept where nothing can be written.
 */
export function keepReason(ledger: Ledger, roll: number, reason: Reason): void {
  const file = reasonFile(ledger, roll);
  try {
    writeWhole(file, visibleJson(JSON.stringify(reason)), 0o600);
    const readers = process.getuid?.() === 0 ? readAccounts().group(READERS) : null;
    if (readers === null) return;
    chownSync(file, 0, readers);
    chmodSync(file, 0o640);
  } catch (error) {
    if (fileTrouble(error) === null) throw error;
  }
}

/** Why a roll failed; null where nothing is known, or not for us. */
export function keptReason(ledger: Ledger, roll: number): Reason | null {
  try {
    return JSON.parse(readFileSync(reasonFile(ledger, roll), 'utf8')) as Reason;
  } catch {
    return null;
  }
}
