import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bringUp, type Committed } from '../../../src/roll/bring-up.js';
import type { Worker } from '../../../src/roll/next.js';
import { property, Random } from '../random.js';
import { Simulator, type Release } from './simulator.js';
import { NEW, ready, tell, type Story, type Taken } from './story.js';

const FINE: Release = { load: [1_000, 1_000], drain: [100, 100], fault: 'none', crashes: 0, recycles: 0 };

function story(processes: number, release: Release, random = new Random(0)): Story {
  const simulator = new Simulator(random, new Map([[NEW, release]]));
  return { simulator, processes, before: 0, budget: { surge: 0, unavailable: 0 }, settle: 1_000, how: bringUp };
}

const target: Committed = { generation: NEW, processes: 2, budget: { surge: 0, unavailable: 0 }, settle: 1_000, patience: 0, deadline: () => 9_000, proven: 2 };
const worker = (index: number, phase: Worker['phase'], more: Partial<Worker> = {}): Worker => ({
  generation: NEW, index, phase, readySince: 0, failure: null, restarts: 0, ...more,
});

test('all workers at once, no canary', () => {
  const told = tell(story(4, FINE));
  assert.deepEqual([told.words, told.took], ['+4 commit', 2_000]);
});

test('those that fail are left to systemd, as long as one serves', () => {
  assert.equal(tell(story(4, { ...FINE, fault: 'raises', bad: new Set([1, 2, 3]) })).words, '+4 commit');
  const told = tell(story(4, { ...FINE, fault: 'raises' }));
  assert.deepEqual([told.words, told.reason], ['+4 back -4 restored', 'exited with status 3']);
});

test('of a scaling, those that are added must all prove themselves', () => {
  const scaled = { ...story(4, { ...FINE, fault: 'raises', bad: new Set([4]) }), proven: 2 };
  for (const index of [1, 2]) scaled.simulator.place(NEW, index, 'ready');
  assert.notEqual(tell(scaled).end, 'committed');
  const trouble = worker(2, 'down', { failure: 'exited with status 3' });
  assert.deepEqual(bringUp({ ...target, processes: 3, proven: 2 }, [worker(1, 'ready'), trouble, worker(3, 'ready')], 5_000), { kind: 'commit' });
});

test('only what is missing is started; what is ready long since need not settle', () => {
  const one = story(4, FINE);
  one.simulator.place(NEW, 1, 'ready');
  one.simulator.place(NEW, 3, 'ready');
  assert.equal(tell(one).words, '+2 commit');
});

test('fewer workers: the others leave after the commit', () => {
  const one = story(2, FINE);
  for (const index of [1, 2, 3, 4]) one.simulator.place(NEW, index, 'ready');
  assert.equal(tell(one).words, 'commit -2');
});

test('a worker beyond the wanted number is neither waited for nor does it count', () => {
  assert.deepEqual(bringUp(target, [worker(1, 'ready'), worker(2, 'ready'), worker(3, 'starting')], 5_000), { kind: 'commit' });
  const failing = { failure: 'exited with status 3' };
  assert.equal(bringUp(target, [worker(1, 'down', failing), worker(2, 'down', failing), worker(3, 'ready')], 5_000).kind, 'fail');
});

test('one that still drains is waited for: it cannot be started before it is gone', () => {
  const draining = [worker(1, 'ready'), worker(2, 'leaving')];
  assert.deepEqual(bringUp(target, draining, 50_000), { kind: 'wait', until: Infinity, for: 'worker 2 to finish and come back' });
  assert.deepEqual(bringUp(target, draining.slice(0, 1), 50_000), { kind: 'start', indexes: [2] });
});

test('a worker that dies and comes back, over and over, holds nothing up', () => {
  assert.deepEqual(bringUp(target, [worker(1, 'ready'), worker(2, 'starting', { restarts: 1 })], 5_000), { kind: 'commit' });
  assert.deepEqual(bringUp(target, [worker(1, 'starting', { restarts: 3 }), worker(2, 'ready', { readySince: 4_900, restarts: 2 })], 5_000), {
    kind: 'fail', index: 1, reason: 'ends again and again',
  });
});

test('waits no longer than until the next one has settled or is late', () => {
  const workers = [worker(1, 'ready', { readySince: 4_500 }), worker(2, 'starting')];
  assert.deepEqual(bringUp(target, workers, 5_000), { kind: 'wait', until: 5_500, for: 'worker 2 to become ready' });
  assert.deepEqual(bringUp(target, workers, 6_000), { kind: 'wait', until: 9_000, for: 'worker 2 to become ready' });
  assert.deepEqual(bringUp(target, workers, 9_000), { kind: 'commit' });
  assert.deepEqual(bringUp(target, [worker(1, 'starting'), worker(2, 'starting')], 9_000), { kind: 'fail', index: 1, reason: 'did not become ready in time' });
});

property('a start ends, and serves if any worker can', 3_000, (random) => {
  const processes = random.between(1, 8);
  const bad = new Set(Array.from({ length: processes }, (_, at) => at + 1).filter(() => random.once(2)));
  const fault = random.pick(['none', 'raises', 'hangs', 'dies'] as const);
  const crashes = random.pick([0, 0, 2]);
  const recycles = random.pick([0, 0, 2]);
  const one = story(processes, { ...FINE, load: [10, 8_000], drain: [0, 8_000], fault, bad, crashes, recycles }, random);
  for (let index = 1; index <= processes + 2; index++) {
    if (random.once(4)) one.simulator.place(NEW, index, random.pick(['ready', 'starting', recycles > 0 ? 'down' : 'ready']));
  }
  const check = ({ kind, seen }: Taken): void => assert.ok(kind !== 'commit' || ready(seen).length > 0);
  const serves = fault === 'none' || bad.size < processes || one.simulator.observe().some(({ index, phase }) => phase === 'ready' && index <= processes);
  const { end, words } = tell({ ...one, check });
  if (crashes + recycles === 0) assert.equal(end, serves ? 'committed' : 'restored', words);
  if (end !== 'committed') return assert.deepEqual(one.simulator.observe(), []);
  assert.equal(one.simulator.observe().length, processes);
});
