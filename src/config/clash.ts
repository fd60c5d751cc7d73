import type { Diagnostic } from '../errors.js';
import { showListen } from './listen.js';
import { lineOf } from './origin.js';
import type { AppConfig } from './settings.js';

export interface Clash {
  /** The app that does not get the address, since another comes before it. */
  readonly other: string;
  /** The app whose file is at fault. */
  readonly guilty: string;
  readonly diagnostic: Diagnostic;
}

/** Addresses that two apps would listen on: only one of their sockets could start. */
export function addressClashes(configs: readonly AppConfig[], usualAddress: (name: string) => string): readonly Clash[] {
  const owners = new Map<string, AppConfig>();
  const found: Clash[] = [];
  for (const config of configs) {
    const { listen } = config.socket;
    const addresses = listen.length > 0 ? listen.map(showListen) : [usualAddress(config.name)];
    for (const address of new Set(addresses)) {
      const owner = owners.get(address);
      owners.set(address, owner ?? config);
      if (owner === undefined) continue;
      // The usual address of an app is named in no file: then the fault is the other's, who wrote it down.
      const guilty = config.lines['socket.listen'] === undefined ? owner : config;
      const innocent = guilty === config ? owner : config;
      const diagnostic: Diagnostic = {
        ...lineOf(guilty, 'socket.listen'),
        message: `${address} is also listened on by the app ${innocent.name}`,
        hint: 'give each app an address of its own',
        severity: 'error',
      };
      found.push({ other: config.name, guilty: guilty.name, diagnostic });
    }
  }
  return found;
}
