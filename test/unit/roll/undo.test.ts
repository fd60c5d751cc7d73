import assert from 'node:assert/strict';
import { test } from 'node:test';
import { next, type Worker } from '../../../src/roll/next.js';
import { undo, type Undo } from '../../../src/roll/undo.js';
import { property, Random } from '../random.js';
import { Simulator, type Release } from './simulator.js';
import { NEW, OLD, of, ready, tell, type Story, type Taken } from './story.js';

const FINE: Release = { load: [1_000, 1_000], drain: [100, 100], fault: 'none', crashes: 0, recycles: 0 };

/** A roll whose new worker number `bad` raises. */
function story(before: number, processes: number, surge: number, unavailable: number, bad: number, old = FINE, random = new Random(0)): Story {
  const release: Release = { ...FINE, load: [1_001, 1_001], fault: 'raises', bad: new Set([bad]) };
  const simulator = new Simulator(random, new Map([[OLD, old], [NEW, release]]));
  for (let index = 1; index <= before; index++) simulator.place(OLD, index, 'ready');
  return { simulator, processes, before, budget: { surge, unavailable }, settle: 0, how: next };
}

const TABLE: readonly (readonly [before: number, processes: number, surge: number, unavailable: number, bad: number, words: string])[] = [
  // The canary is the usual case: nothing else has happened yet.
  [4, 4, 1, 0, 1, '+1 back -1 restored'],
  [4, 4, 4, 0, 1, '+1 back -1 restored'],
  [4, 4, 0, 1, 1, '-1 +1 back -1 +1 restored'],
  // Later ones: the new workers that are ready go on serving until old ones have taken their place.
  [4, 4, 1, 0, 3, '+1 -1 +1 -1 +1 back -1 +1 -1 +1 -1 restored'],
  [4, 4, 1, 0, 4, '+1 -1 +1 -1 +1 -1 +1 back -1 +1 -1 +1 -1 +1 -1 restored'],
  [4, 4, 0, 1, 3, '-1 +1 -1 +1 -1 +1 back -1 +1 -1 +1 -1 +1 restored'],
  [4, 4, 4, 0, 3, '+1 +3 back -1 -3 restored'],
  [1, 4, 1, 0, 4, '+1 +3 back -1 -3 restored'],
  // A first start that fails.
  [0, 4, 1, 0, 1, '+1 back -1 restored'],
  [0, 4, 1, 0, 3, '+1 +3 back -1 -3 restored'],
];

for (const [before, processes, surge, unavailable, bad, words] of TABLE) {
  test(`${before} -> ${processes} workers, surge ${surge}, unavailable ${unavailable}, new worker ${bad} fails: ${words}`, () => {
    const one = story(before, processes, surge, unavailable, bad, { ...FINE, drain: [0, 0] });
    assert.equal(tell(one).words, words);
  });
}

const worker = (generation: number, index: number, phase: Worker['phase'], more: Partial<Worker> = {}): Worker => ({
  generation, index, phase, readySince: 0, failure: null, ...more,
});
const target = (more: Partial<Undo> = {}): Undo => ({
  generation: NEW, settle: 0, previous: { generation: OLD, processes: 2 }, budget: { surge: 1, unavailable: 0 }, retired: new Set(), deadline: 1_000, ...more,
});

test('an old worker that drains is waited for, beyond the deadline too, and then started', () => {
  const retired = new Set([1]);
  const draining = [worker(OLD, 1, 'leaving'), worker(OLD, 2, 'ready'), worker(NEW, 1, 'ready')];
  assert.deepEqual(undo(target({ retired }), draining, 5_000), { kind: 'wait', until: Infinity, for: 'worker 1 of generation 1' });
  assert.deepEqual(undo(target({ retired }), draining.slice(1), 5_000), { kind: 'restore', indexes: [1] });
});

test('old workers that were in trouble before are not waited for', () => {
  const workers = [worker(OLD, 1, 'down', { failure: 'exited with status 1', restarts: 99 }), worker(OLD, 2, 'ready')];
  assert.deepEqual(undo(target(), workers, 0), { kind: 'restored' });
});

test('an old worker that does not come back is lost, when all has been tried and the new ones are gone', () => {
  const retired = new Set([1, 2]);
  const failing = { failure: 'exited with status 3' };
  const one = worker(OLD, 1, 'down', { ...failing, restarts: 1 });
  assert.equal(undo(target({ retired }), [one, worker(OLD, 2, 'ready')], 0).kind, 'wait');
  const two = worker(OLD, 1, 'down', { ...failing, restarts: 2 });
  assert.equal(undo(target({ retired }), [two, worker(OLD, 2, 'starting')], 0).kind, 'wait');
  assert.equal(undo(target({ retired }), [two, worker(OLD, 2, 'leaving')], 0).kind, 'wait');
  assert.deepEqual(undo(target({ retired }), [two, worker(NEW, 2, 'ready')], 0), { kind: 'restore', indexes: [2] });
  assert.deepEqual(undo(target({ retired }), [two, worker(OLD, 2, 'ready'), worker(NEW, 2, 'ready')], 0), { kind: 'stop', workers: [worker(NEW, 2, 'ready')] });
  assert.equal(undo(target({ retired }), [two, worker(OLD, 2, 'ready'), worker(NEW, 2, 'leaving')], 0).kind, 'wait');
  assert.deepEqual(undo(target({ retired }), [two, worker(OLD, 2, 'ready')], 0), { kind: 'lost', index: 1, reason: 'exited with status 3' });
  const late = [worker(OLD, 1, 'ready'), worker(OLD, 2, 'starting')];
  assert.deepEqual(undo(target({ retired }), late, 1_000), { kind: 'lost', index: 2, reason: 'did not become ready in time' });
});

test('an old worker in trouble does not keep the others from coming back', () => {
  const broken = worker(OLD, 1, 'down', { failure: 'exited with status 1', restarts: 99 });
  const fresh = [1, 2, 3, 4].map((index) => worker(NEW, index, 'ready'));
  const four = target({ previous: { generation: OLD, processes: 4 }, retired: new Set([2, 3, 4]) });
  assert.deepEqual(undo(four, [broken, ...fresh], 0), { kind: 'stop', workers: fresh.slice(0, 1) });
  assert.deepEqual(undo(four, [broken, ...fresh.slice(1)], 0), { kind: 'restore', indexes: [2] });
});

test('old workers beyond their number, left by a scaling that was cut off, go', () => {
  const extra = worker(OLD, 3, 'ready');
  assert.deepEqual(undo(target(), [worker(OLD, 1, 'ready'), worker(OLD, 2, 'ready'), extra], 0), { kind: 'stop', workers: [extra] });
});

test('a scaling that failed: what was added goes, what served stays, though it is of one generation', () => {
  const scaled = target({ generation: OLD, previous: { generation: OLD, processes: 2 } });
  const [first, second, added] = [worker(OLD, 1, 'ready'), worker(OLD, 2, 'down', { failure: 'exited with status 3' }), worker(OLD, 3, 'down')];
  assert.deepEqual(undo(scaled, [first!, second!, added!], 0), { kind: 'stop', workers: [added] });
  assert.deepEqual(undo(scaled, [first!, second!], 0), { kind: 'restored' });
});

test('what a roll that was cut off has left goes too, when it is not needed any more', () => {
  const stray = worker(NEW - 1, 1, 'ready');
  const undoing = target({ generation: NEW, previous: { generation: OLD - 1, processes: 2 }, retired: new Set([2]) });
  const old = [worker(OLD - 1, 1, 'ready'), worker(OLD - 1, 2, 'starting')];
  assert.deepEqual(undo(undoing, [...old, stray], 0), { kind: 'wait', until: 1_000, for: 'worker 2 of generation 0' });
  assert.deepEqual(undo(undoing, [old[0]!, worker(OLD - 1, 2, 'ready'), stray], 0), { kind: 'stop', workers: [stray] });
});

test('without a budget all old workers come back at once', () => {
  const { budget: _budget, ...rest } = target();
  assert.deepEqual(undo(rest, [worker(NEW, 1, 'ready'), worker(NEW, 2, 'ready')], 0), { kind: 'restore', indexes: [1, 2] });
});

property('a roll that fails at any worker never leaves too few serving, nor lets too many run', 3_000, (random) => {
  const before = random.between(1, 8);
  const processes = random.once(2) ? before : random.between(1, 8);
  const surge = random.between(0, processes);
  const unavailable = random.between(surge === 0 ? 1 : 0, processes);
  const old: Release = { ...FINE, load: [10, 3_000], drain: [0, 30_000] };
  const one = story(before, processes, surge, unavailable, random.between(1, processes), old, random);
  const least = Math.min(before, processes) - unavailable;
  const check = ({ word, workers, seen, undoing }: Taken): void => {
    const left = ready(seen).filter((each) => !workers.includes(each));
    const about = `${word} with ${JSON.stringify(seen)}`;
    assert.ok(workers.every(({ phase }) => phase !== 'ready') || left.length >= least, `fewer than ${least}: ${about}`);
    if (!undoing || !word.startsWith('+')) return;
    const after = seen.filter(({ phase }) => phase !== 'leaving').length + Number(word);
    assert.ok(after <= before + surge, `more than ${before + surge}: ${about}`);
  };
  const { end, words } = tell({ ...one, check });
  assert.equal(end, 'restored', words);
  assert.equal(of(NEW, one.simulator.observe()).length, 0);
  assert.deepEqual(ready(one.simulator.observe()).map(({ index }) => index).sort(), Array.from({ length: before }, (_, at) => at + 1));
});

test('a new worker that has not settled serves nobody yet, and is not kept', () => {
  const settling = worker(NEW, 2, 'ready', { readySince: 500 });
  const workers = [worker(OLD, 1, 'ready'), worker(OLD, 2, 'ready'), settling];
  assert.deepEqual(undo(target({ settle: 1_000 }), workers, 1_000), { kind: 'stop', workers: [settling] });
});
