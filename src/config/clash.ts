import type { Diagnostic } from '../errors.js';
import { showListen } from './listen.js';
import type { AppConfig } from './settings.js';

/** Addresses that two apps would listen on: only one of their sockets could start. */
export function addressClashes(configs: readonly AppConfig[], defaultAddress: (name: string) => string): readonly Diagnostic[] {
  const owners = new Map<string, AppConfig>();
  const found: Diagnostic[] = [];
  for (const config of configs) {
    const { listen } = config.socket;
    const addresses = listen.length > 0 ? listen.map(showListen) : [defaultAddress(config.name)];
    for (const address of new Set(addresses)) {
      const owner = owners.get(address);
      owners.set(address, owner ?? config);
      if (owner === undefined) continue;
      // The default address of an app is named in no file: then the fault is the other's, who wrote it down.
      const guilty = config.lines['socket.listen'] === undefined ? owner : config;
      const other = guilty === config ? owner : config;
      found.push({
        file: guilty.file,
        line: guilty.lines['socket.listen'] ?? 0,
        message: `${address} is also listened on by the app ${other.name}`,
        hint: 'give each app an address of its own',
        severity: 'error',
      });
    }
  }
  return found;
}
