import { readListen, showListen } from '../config/listen.js';
import type { AppConfig } from '../config/settings.js';
import { BadValue } from '../config/fault.js';
import { path } from '../units/escape.js';

/** Where an app is to listen, as systemd writes addresses. `usual`: where it does if it says nothing of it. */
export function wantedAddresses(config: AppConfig, usual: string): string[] {
  const { listen } = config.socket;
  return listen.length > 0 ? listen.map(showListen) : [usual];
}

/** An address that systemd tells, in the form that equal ones have in common. */
export function sameForm(address: string): string {
  try {
    return showListen(readListen(address));
  } catch (error) {
    if (error instanceof BadValue) return address;
    throw error;
  }
}

/** The addresses that a socket's drop-in names. */
export function addressesOf(dropIn: string | null): string[] {
  const values = (dropIn ?? '').split('\n').flatMap((line) => /^ListenStream=(.+)$/u.exec(line)?.[1] ?? []);
  return values.map((value) => sameForm(value.replaceAll('%%', '%')));
}

/** The drop-in of a socket with other addresses in it; null is the packaged unit's text. */
export function withAddresses(dropIn: string | null, addresses: readonly string[]): string {
  const others = (dropIn ?? '[Socket]').trimEnd().split('\n').filter((line) => !line.startsWith('ListenStream='));
  return [...others, 'ListenStream=', ...addresses.map((address) => `ListenStream=${path(address)}`), ''].join('\n');
}
