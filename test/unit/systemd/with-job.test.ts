import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observe } from '../../../src/roll/observe.js';
import type { Job, UnitState } from '../../../src/systemd/port.js';
import { withJob } from '../../../src/systemd/with-job.js';

const unit = (active: string, job: string | null): UnitState => ({
  name: 'wsgi-worker-shop-4@18.service', load: 'loaded', active, sub: '', job, result: 'success', exitCode: 0, exitStatus: 0, activeSince: 0, changedAt: 0,
  stopLimit: 0, restarts: 0, mainPid: 0, invocation: '', status: '', needDaemonReload: false, unitFileState: '', listen: [], reloadResult: 'success', wants: [],
});
const job = (path: string, type = 'start'): Job => ({ path, type, state: 'waiting' });

/** What is read first, the jobs that are there then, what each further look at the unit says; what a roll makes of it. */
const TABLE: readonly (readonly [what: string, first: UnitState, jobs: readonly Job[], later: readonly UnitState[], phase: string | null, reads: number])[] = [
  ['its job is there', unit('inactive', '/job/1'), [job('/job/1')], [], 'starting', 0],
  ['it has none', unit('active', null), [], [], 'ready', 0],
  ['it was queued, and serves by now', unit('inactive', '/job/1'), [], [unit('active', null)], 'ready', 1],
  ['it was queued, and has failed by now', unit('inactive', '/job/1'), [], [unit('failed', null)], 'down', 1],
  ['it was queued, and is gone by now', unit('inactive', '/job/1'), [], [unit('inactive', null)], null, 1],
  ['it was to stop, and is to start by now', unit('active', '/job/1'), [job('/job/2')], [unit('inactive', '/job/2')], 'starting', 1],
  ['its second job is gone too', unit('inactive', '/job/1'), [], [unit('inactive', '/job/2'), unit('active', null)], 'ready', 2],
  ['systemd says that there is a job and does not say which: no look is the last one', unit('active', '/job/1'), [], [unit('active', '/job/1')], 'ready', 1],
];

for (const [what, first, jobs, later, phase, reads] of TABLE) {
  test(`a unit with its job: ${what}`, async () => {
    const left = [...later];
    const seen = await withJob(first, (path) => Promise.resolve(jobs.find((one) => one.path === path) ?? null), () => Promise.resolve(left.shift() as UnitState));
    assert.equal(later.length - left.length, reads);
    assert.equal(observe(seen.unit, seen.job)?.phase ?? null, phase);
  });
}
