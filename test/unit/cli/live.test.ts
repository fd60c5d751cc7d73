import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Live } from '../../../src/cli/live.js';
import type { RollEvent } from '../../../src/roll/events.js';

const OLD = 'wsgi-worker-shop-7@1.service';
const NEW = 'wsgi-worker-shop-8@1.service';
const worker = (at: number, unit: string, phase: string, note?: string): RollEvent => ({ at, kind: 'worker', unit, phase, ...(note && { note }) });

test('a line for each worker, the new ones first, and what is waited for', () => {
  const live = new Live();
  const story: RollEvent[] = [
    worker(1_000, OLD, 'ready'), worker(2_000, NEW, 'starting'), { at: 2_000, kind: 'waiting', for: 'worker 1 to become ready' },
  ];
  assert.deepEqual(story.map((event) => live.take(event)), [true, true, true]);
  assert.deepEqual(live.lines(5_900, new Map()), [
    '    generation 8  worker 1  starts, 3 s',
    '    generation 7  worker 1  is ready, 4 s',
    '    waiting for worker 1 to become ready, 3 s',
  ]);
});

test('a worker that drains says itself what it still does, and one that is gone has no line', () => {
  const live = new Live();
  live.take(worker(0, NEW, 'ready'));
  live.take(worker(0, OLD, 'leaving'));
  const [, old] = live.lines(2_000, new Map([[OLD, 'draining: 1 request in flight']]));
  assert.equal(old, '    generation 7  worker 1  draining: 1 request in flight, 2 s');
  assert.equal(live.take(worker(3_000, OLD, 'gone')), true);
  assert.equal(live.lines(3_000, new Map()).length, 1);
});

test('what somebody may want to read later is left to lines that stay', () => {
  const live = new Live();
  const lasting: RollEvent[] = [
    worker(0, NEW, 'down', 'could not load the app'), { at: 0, kind: 'note', text: 'roll 3 was cut off' },
    { at: 0, kind: 'commit', generation: 8 }, { at: 0, kind: 'end', outcome: 'done', exit: 0, text: 'generation 8 serves' },
  ];
  assert.deepEqual(lasting.map((event) => live.take(event)), [false, false, false, false]);
  assert.deepEqual(live.lines(1_000, new Map()), []);
});
