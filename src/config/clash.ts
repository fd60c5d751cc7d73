import type { Diagnostic } from '../errors.js';
import { overlap, readListen, showListen, type Listen } from './listen.js';
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
  const owned: { readonly listen: Listen; readonly owner: AppConfig }[] = [];
  const found: Clash[] = [];
  for (const config of configs) {
    const { listen } = config.socket;
    const own = listen.length > 0 ? listen : [readListen(usualAddress(config.name))];
    for (const one of own) {
      const held = owned.find((other) => other.owner !== config && overlap(one, other.listen));
      if (held === undefined) {
        owned.push({ listen: one, owner: config });
        continue;
      }
      // The usual address of an app is named in no file: then the fault is the other's, who wrote it down.
      const guilty = config.lines['socket.listen'] === undefined ? held.owner : config;
      const innocent = guilty === config ? held.owner : config;
      const [address, other] = (guilty === config ? [one, held.listen] : [held.listen, one]).map(showListen);
      const what = address === other ? 'is also listened on by' : `cannot be listened on beside ${other} of`;
      const diagnostic: Diagnostic = {
        ...lineOf(guilty, 'socket.listen'),
        message: `${address} ${what} the app ${innocent.name}`,
        hint: 'give each app an address of its own',
        severity: 'error',
      };
      found.push({ other: config.name, guilty: guilty.name, diagnostic });
    }
  }
  return found;
}
