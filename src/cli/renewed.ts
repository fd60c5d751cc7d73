import { broughtFiles, broughtNow } from '../host/brought.js';
import { unconfigured } from '../host/dpkg.js';
import { readIni } from '../host/inis.js';
import type { Ledger } from '../host/ledger.js';
import { assertOpenable } from './openable.js';
import type { Generation } from '../plan/generation.js';
import type { Wire } from './wire.js';

/**
 * Whether packages brought something else than what the last generation was made of, and nobody was told: of a new image
 * with the state of an old one. That is tried once; what served before is brought up if it fails. A rollback stays one.
 */
export function isRenewed(wire: Wire, ledger: Ledger): boolean {
  const { places } = wire;
  const { app } = ledger;
  let record: Generation | null = null;
  for (const number of ledger.generations().reverse()) {
    record = ledger.generation(number);
    if (record !== null) break;
  }
  const now = record?.brought == null ? null : broughtNow(places, app, record.directory);
  if (now === null || now.digest === record?.brought?.digest || unconfigured(places.root, broughtFiles(places, app)) !== null) return false;
  try {
    const { config } = readIni(places, app);
    if (config === null) return false;
    assertOpenable(wire, wire.stage(config));
    return true;
  } catch {
    return false;
  }
}
