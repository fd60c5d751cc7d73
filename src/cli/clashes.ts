import { addressClashes, type Clash } from '../config/clash.js';
import { UserError } from '../errors.js';
import { configuredApps, readIni } from '../host/inis.js';
import type { Wire } from './wire.js';

/** The addresses that two of all configured apps would have; those that serve already own theirs. */
export function clashes(wire: Wire): readonly Clash[] {
  const apps = configuredApps(wire.places) ?? [];
  const serves = (app: string): number => (wire.ledger(app).current() === null ? 1 : 0);
  const configs = [...apps].sort((one, other) => serves(one) - serves(other)).flatMap((app) => {
    try {
      return readIni(wire.places, app).config ?? [];
    } catch (error) {
      if (error instanceof UserError) return []; // Whoever looks at that app says what is wrong.
      throw error;
    }
  });
  return addressClashes(configs, (app) => wire.usualAddress(app));
}
