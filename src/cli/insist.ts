import { setTimeout as wait } from 'node:timers/promises';
import { BusLost } from '../systemd/port.js';

/**
 * The connection to systemd can be replaced under us, at a shutdown or by a daemon-reexec: what must be done is done again.
 * `patience`: for how long, in ms; then BusLost is thrown.
 */
export async function insist<T>(action: () => Promise<T>, patience = Infinity): Promise<T> {
  const began = performance.now();
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof BusLost) || performance.now() - began > patience) throw error;
      await wait(200);
    }
  }
}
