// What tests of rolls ask of the clients, and of the workers meanwhile.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Lab } from '../lab/lab.js';
import type { Load, LoadReport } from '../lab/load.js';
import { exchange, type Got } from './worker-unit.js';

/** Stops the clients; none of their requests may have failed. */
export async function lossless(load: Load): Promise<LoadReport> {
  const report = await load.stop();
  assert.deepEqual(report.failures.slice(0, 5), []);
  assert.equal(report.failed, 0);
  return report;
}

/** What was seen of an app's workers from time to time. */
export interface Watched {
  readonly samples: number;
  /** The least number of workers that accepted connections. */
  readonly fewest: number;
  /** The unit's states in that sample. */
  readonly then: string;
}

/**
 * Counts the workers of an app that serve, until it is told to stop. A new one serves when it has been active for
 * `settleMs`, those of the generation `current` as soon as they are active.
 */
export function watchWorkers(lab: Lab, current: number, settleMs: number, app = 'shop'): { stop: () => Promise<Watched> } {
  let over = false;
  const watching = (async (): Promise<Watched> => {
    let [samples, fewest, then] = [0, Infinity, ''];
    while (!over) {
      const began = monotonic();
      const text = await lab.sh(`systemctl show -p Id,ActiveState,ActiveEnterTimestampMonotonic 'wsgi-worker-${app}-*@*.service'`);
      const now = monotonic();
      // systemctl asks unit by unit: in a sample that took longer, a worker can have settled behind its back.
      if (now - began < settleMs) {
        const serving = text.split('\n\n').filter((unit) => {
          if (!/^ActiveState=active$/m.test(unit)) return false;
          const since = Number(/^ActiveEnterTimestampMonotonic=(\d+)$/m.exec(unit)?.[1]) / 1000;
          return unit.includes(`-${current}@`) || since + settleMs <= now;
        });
        samples++;
        if (serving.length < fewest) [fewest, then] = [serving.length, text];
      }
      await wait(100);
    }
    return { samples, fewest, then };
  })();
  watching.catch(() => {}); // whoever stops it is told
  return {
    stop: () => {
      over = true;
      return watching;
    },
  };
}

/** The clock of systemd's monotonic timestamps, which a lab shares with this machine; in ms. */
function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** One request to an app, and all that its client got. */
export async function ask(lab: Lab, path: string, app = 'shop'): Promise<Got> {
  const client = connect({ path: `${lab.root}/run/wsgi/${app}.sock` });
  await once(client, 'connect');
  return exchange(client, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 300_000);
}
