import { forgersOf } from '../config/forger.js';
import { showListen } from '../config/listen.js';
import { lineOf } from '../config/origin.js';
import type { AppConfig } from '../config/settings.js';
import { UserError, type Diagnostic } from '../errors.js';
import { readAccounts } from '../host/accounts.js';
import { isNamedInApache } from '../host/apache-sites.js';
import { configuredApps, readIni } from '../host/inis.js';
import type { Wire } from './wire.js';

/** Of so many threads, a few slow clients are all. */
const FEW = 4;

/** Warnings of what is in front of an app, or beside it: who could claim to be the proxy, and who could keep it busy. */
export function checkFront(wire: Wire, config: AppConfig): readonly Diagnostic[] {
  const forgers = wire.places.mode === 'system' ? forgersOf(config, neighbours(wire, config.name), readAccounts(wire.places.root)) : [];
  return [...forgers, ...slowClients(wire, config)];
}

function slowClients(wire: Wire, config: AppConfig): readonly Diagnostic[] {
  const { workers, socket } = config;
  const threads = workers.processes * workers.threads;
  if (threads > FEW || workers['request-timeout'] !== null || workers['min-rate'] !== null) return [];
  const addresses = socket.listen.length === 0 ? [wire.usualAddress(config.name)] : socket.listen.map(showListen);
  if (!addresses.some((address) => isNamedInApache(address, wire.places.root))) return [];
  return [{
    ...lineOf(config, config.lines['workers.threads'] === undefined ? 'workers.processes' : 'workers.threads'),
    message: `Apache, in front of this app, hands on bodies and answers as slowly as clients send and read them: ${threads} slow clients keep all ${threads} threads busy`,
    hint: 'raise threads, or set min-rate or request-timeout in [workers]',
    severity: 'warning',
  }];
}

function neighbours(wire: Wire, app: string): readonly AppConfig[] {
  return (configuredApps(wire.places) ?? []).filter((other) => other !== app).flatMap((other) => {
    try {
      return readIni(wire.places, other).config ?? [];
    } catch (error) {
      if (error instanceof UserError) return []; // Whoever looks at that app says what is wrong.
      throw error;
    }
  });
}
