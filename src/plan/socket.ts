import { overlap, readListen, showListen } from '../config/listen.js';
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

/** Whether the drop-ins of an app's socket name the same addresses, in whatever order; null is the packaged unit's text. */
export function sameAddresses(app: string, one: string | null, other: string | null): boolean {
  const named = (dropIn: string | null): string => {
    const addresses = addressesOf(dropIn);
    return (addresses.length === 0 ? [`%t/wsgi/${app}.sock`] : addresses).map((address) => address.replace(/^%t\//u, '/run/')).sort().join();
  };
  return named(one) === named(other);
}

/** Whether two addresses cannot both be listened on, as systemd tells them; false for what we do not know. */
export function cannotBoth(one: string, other: string): boolean {
  try {
    return overlap(readListen(one), readListen(other));
  } catch (error) {
    if (error instanceof BadValue) return one === other;
    throw error;
  }
}

/** Whether an address that is given up must be closed before a new one can be opened. */
export function mustClose(from: readonly string[], to: readonly string[]): boolean {
  return from.some((address) => !to.includes(address) && to.some((other) => cannotBoth(address, other)));
}
