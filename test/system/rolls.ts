// What tests of rolls ask of the clients, and of the workers meanwhile.
import assert from 'node:assert/strict';
import type { Load, LoadReport } from '../lab/load.js';

/** Stops the clients; none of their requests may have failed. */
export async function lossless(load: Load): Promise<LoadReport> {
  const report = await load.stop();
  assert.deepEqual(report.failures.slice(0, 5), []);
  assert.equal(report.failed, 0);
  return report;
}
