import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bringUp } from '../../../src/roll/bring-up.js';
import { next, withProven, type Target, type Worker } from '../../../src/roll/next.js';
import { property, Random } from '../random.js';
import { Simulator, type Release } from './simulator.js';
import { NEW, OLD, of, ready, standing, tell, type Story, type Taken } from './story.js';

const FINE: Release = { load: [1_000, 1_000], drain: [100, 100], fault: 'none', crashes: 0, recycles: 0 };

function story(processes: number, before: number, surge: number, unavailable: number, release: Release = FINE, random = new Random(0)): Story {
  const simulator = new Simulator(random, new Map([[OLD, FINE], [NEW, release]]));
  for (let index = 1; index <= before; index++) simulator.place(OLD, index, 'ready');
  return { simulator, processes, before, budget: { surge, unavailable }, settle: 1_000, how: next };
}

const TABLE: readonly (readonly [processes: number, before: number, surge: number, unavailable: number, words: string])[] = [
  [4, 4, 1, 0, '+1 -1 +1 -1 +1 -1 +1 commit -1'],
  [4, 4, 2, 0, '+1 +1 -1 +1 -1 +1 commit -2'],
  [4, 4, 4, 0, '+1 +3 commit -4'],
  [4, 4, 9, 0, '+1 +3 commit -4'],
  [4, 4, 0, 1, '-1 +1 -1 +1 -1 +1 -1 +1 commit'],
  [4, 4, 0, 2, '-1 +1 -2 +2 -1 +1 commit'],
  [4, 4, 0, 4, '-1 +1 -3 +3 commit'],
  [4, 4, 1, 1, '+1 -2 +2 -1 +1 commit -1'],
  [4, 4, 1, 4, '+1 -3 +3 commit -1'],
  [1, 1, 1, 0, '+1 commit -1'],
  [1, 1, 0, 1, '-1 +1 commit'],
  [2, 2, 1, 0, '+1 -1 +1 commit -1'],
  // The first start, and one after which some are gone.
  [4, 0, 1, 0, '+1 +3 commit'],
  [4, 0, 0, 1, '+1 +3 commit'],
  // More processes than before.
  [8, 2, 1, 0, '+1 +6 -1 +1 commit -1'],
  [8, 2, 0, 1, '+1 +5 -1 +1 -1 +1 commit'],
  [8, 2, 8, 0, '+1 +7 commit -2'],
  // Fewer: all of the old serve until the canary has proved itself, if there may be a surge.
  [3, 8, 1, 0, '+1 -6 +1 -1 +1 commit -1'],
  [3, 8, 3, 0, '+1 +2 commit -8'],
  [3, 8, 0, 1, '-6 +1 -1 +1 -1 +1 commit'],
  [1, 8, 1, 0, '+1 commit -8'],
];

for (const [processes, before, surge, unavailable, words] of TABLE) {
  test(`${before} -> ${processes} workers, surge ${surge}, unavailable ${unavailable}: ${words}`, () => {
    assert.equal(tell(story(processes, before, surge, unavailable)).words, words);
  });
}

test('a roll takes import and settle for each batch, and not more', () => {
  assert.equal(tell(story(4, 4, 1, 0)).took, 4 * 2_000 + 100);
  assert.equal(tell(story(4, 4, 4, 0)).took, 2 * 2_000 + 100);
});

test('one that settles is not held up by another that starts', () => {
  const { simulator, ...rest } = story(4, 4, 2, 0, { ...FINE, load: [1_000, 1_000] });
  const target: Target = { generation: NEW, processes: rest.processes, budget: rest.budget, settle: 1_000, patience: 0, deadline: () => 100_000 };
  const workers: Worker[] = [
    ...simulator.observe().slice(0, 4),
    { generation: NEW, index: 1, phase: 'ready', readySince: 1_000, failure: null },
    { generation: NEW, index: 2, phase: 'ready', readySince: 5_000, failure: null },
    { generation: NEW, index: 3, phase: 'starting', readySince: 0, failure: null },
  ];
  assert.deepEqual(next(target, workers.slice(1), 5_500), { kind: 'wait', until: 6_000, for: 'worker 3 to become ready' });
});

test('old workers that serve nobody are the first to go, and cost nothing', () => {
  const { simulator, ...rest } = story(4, 2, 1, 0);
  simulator.place(OLD, 3, 'crash-loop');
  simulator.place(OLD, 4, 'crash-loop');
  assert.equal(tell({ simulator, ...rest, before: 4 }).words, '+1 -2 +2 -1 +1 commit -1');
});

test('a release whose workers end in good order before they have settled does not run for ever', () => {
  const { end, words } = tell(story(4, 4, 1, 0, { ...FINE, fault: 'quits' }));
  assert.deepEqual([end, words], ['restored', '+1 back -1 restored']);
});

test('workers that have been available count, though max-requests never lets all of them be there at once', () => {
  const target: Target = { generation: NEW, processes: 2, budget: { surge: 2, unavailable: 0 }, settle: 1_000, patience: 500, deadline: () => Infinity };
  const proven = new Map<number, number>();
  const one: Worker = { generation: NEW, index: 1, phase: 'ready', readySince: 0, failure: null };
  const other: Worker = { ...one, index: 2, phase: 'starting' };
  const step = (workers: readonly Worker[], now: number): string => next(target, withProven(target, workers, now, proven), now).kind;
  assert.equal(step([one, other], 1_000), 'wait');
  assert.equal(step([{ ...one, phase: 'down' }, { ...other, phase: 'ready', readySince: 1_500 }], 2_000), 'wait', 'nobody serves');
  assert.equal(step([{ ...one, phase: 'down' }, { ...other, phase: 'ready', readySince: 1_500 }], 2_500), 'wait', 'soon they may');
  assert.equal(step([{ ...one, phase: 'down' }, { ...other, phase: 'ready', readySince: 1_500 }], 3_000), 'commit');
  assert.equal(step([{ ...one, phase: 'down', failure: 'exited' }, { ...other, phase: 'ready', readySince: 1_500 }], 3_000), 'fail');
});

test('a new worker that reaches max-requests is left to systemd', () => {
  const target: Target = { generation: NEW, processes: 2, budget: { surge: 1, unavailable: 0 }, settle: 0, patience: 0, deadline: () => 100 };
  const recycled: Worker = { generation: NEW, index: 1, phase: 'leaving', readySince: 0, failure: null };
  const old: Worker = { generation: OLD, index: 1, phase: 'ready', readySince: 0, failure: null };
  assert.deepEqual(next(target, [recycled, old, { ...old, index: 2 }], 200), {
    kind: 'wait', until: Infinity, for: 'worker 1 to finish and come back',
  });
});

for (const [fault, reason, words] of [
  ['raises', 'exited with status 3', '+1 back restored'],
  ['dies', 'exited with status 3', '+1 back restored'],
  ['hangs', 'exited with status 3', '+1 back restored'],
] as const) {
  test(`a release that ${fault} costs the old one nothing`, () => {
    const told = tell(story(4, 4, 1, 0, { ...FINE, fault }));
    assert.deepEqual([told.end, told.reason, told.words], ['restored', reason, words.replace('back', 'back -1')]);
  });
}

test('a worker that systemd leaves starting for ever is given up', () => {
  const told = tell(story(2, 2, 1, 0, { ...FINE, load: [999_999_999, 999_999_999] }));
  assert.deepEqual([told.end, told.reason, told.took], ['restored', 'did not become ready in time', 75_000 + 100]);
});

test('a canary that is stopped by hand is started once more; stopped again, it fails the roll', () => {
  const stopping = (times: number): ReturnType<typeof tell> => {
    const one = story(4, 4, 1, 0);
    let left = times;
    const meddle = (): void => {
      if (left === 0 || of(NEW, ready(one.simulator.observe())).length === 0) return;
      left -= 1;
      one.simulator.vanish(NEW, 1);
    };
    return tell({ ...one, meddle });
  };
  const once = stopping(1);
  assert.deepEqual([once.end, once.words], ['committed', '+1 again -1 +1 -1 +1 -1 +1 commit -1']);
  const twice = stopping(2);
  assert.deepEqual([twice.end, twice.reason, twice.words], ['restored', 'is gone, and systemd does not say why', '+1 again back restored']);
});

test('a worker that is not to be seen in one look, and is there in the next, is no case', () => {
  const one = story(4, 4, 1, 0);
  const { simulator } = one;
  const observe = simulator.observe.bind(simulator);
  let looks = 0;
  simulator.observe = () => (++looks % 4 === 0 ? observe().filter(({ generation }) => generation !== NEW) : observe());
  assert.equal(tell(one).words, '+1 -1 +1 -1 +1 -1 +1 commit -1');
});

for (const [fault, reason, again] of [['vanishes', 'is gone, and systemd does not say why', ' again'], ['socketless', 'got no socket', '']] as const) {
  test(`a release whose unit ${fault} after each start is started${again === '' ? ' once' : ' twice'}`, () => {
    const told = tell(story(4, 4, 1, 0, { ...FINE, fault }));
    assert.deepEqual([told.end, told.reason, told.words], ['restored', reason, `+1${again} back restored`]);
  });

  test(`old workers too whose units are ${fault === 'vanishes' ? 'gone' : 'without a socket'} after each start: the undo ends`, () => {
    const random = new Random(0);
    const simulator = new Simulator(random, new Map([[OLD, { ...FINE, fault }], [NEW, { ...FINE, fault }]]));
    for (const index of [1, 2, 3]) simulator.place(OLD, index, 'ready');
    const told = tell({ ...story(4, 4, 1, 0), simulator });
    assert.deepEqual([told.end, told.words], ['lost', `+1${again} back +1${again} lost`]);
    assert.deepEqual(simulator.observe().map(({ index }) => index), [1, 2, 3], 'those that serve are left alone');
  });
}

/** What every step must hold, whatever happens to the workers. */
function checked(one: Story): Story {
  const { processes, before, budget, settle } = one;
  const available = (worker: Worker): boolean => worker.phase === 'ready' && one.simulator.now - worker.readySince >= settle;
  let canaryProved = false;
  const check = ({ word, kind, workers, seen, undoing }: Taken): void => {
    const all = standing(seen).filter(({ failure, generation }) => failure !== 'is gone, and systemd does not say why' || generation !== NEW);
    canaryProved ||= of(NEW, seen).some(available);
    const about = `${word} with ${JSON.stringify(seen)}`;
    if (kind === 'start' || kind === 'restore') {
      const wanted = undoing ? before : processes;
      const most = Math.max(wanted, undoing ? 0 : of(OLD, all).length) + budget.surge;
      assert.ok(all.length + Number(word) <= Math.max(most, wanted), `more than ${most}: ${about}`);
    }
    if (kind === 'retire') {
      assert.ok(canaryProved || budget.surge === 0, `an old one retires before the canary is available: ${about}`);
      const left = seen.filter((worker) => !workers.includes(worker)).filter((worker) => (worker.generation === NEW ? available(worker) : worker.phase === 'ready'));
      assert.ok(ready(workers).length === 0 || left.length >= processes - budget.unavailable, `too few are left: ${about}`);
      assert.ok(budget.surge < processes || ready(workers).length === 0, `with a whole surge none may retire: ${about}`);
    }
    if (kind === 'start' && !canaryProved) assert.equal(word, '+1', `more than the canary: ${about}`);
    if (kind === 'commit') assert.deepEqual(of(NEW, seen).filter(available).length, processes, about);
  };
  return { ...one, check };
}

function whole(one: Story, generation: number, processes: number): void {
  const left = one.simulator.observe();
  assert.deepEqual(left.map((worker) => [worker.generation, worker.index]).sort(), Array.from({ length: processes }, (_, at) => [generation, at + 1]), JSON.stringify(left));
}

test('every number of processes, surge, unavailable and workers before: new ones all, old ones gone', () => {
  for (let processes = 1; processes <= 8; processes++) {
    for (let before = 0; before <= 8; before++) {
      for (let surge = 0; surge <= processes; surge++) {
        for (let unavailable = surge === 0 ? 1 : 0; unavailable <= processes; unavailable++) {
          const one = checked(story(processes, before, surge, unavailable));
          assert.equal(tell(one).end, 'committed', `${before} -> ${processes}, ${surge}, ${unavailable}`);
          whole(one, NEW, processes);
        }
      }
    }
  }
});

/** Any app before any roll: of the old workers some are down, crash, recycle or are gone. */
function drawn(random: Random, release: Release, mayCrash = true): Story {
  const processes = random.between(1, 8);
  const before = random.once(8) ? 0 : random.once(2) ? processes : random.between(1, 8);
  const surge = random.between(0, processes + 1);
  const unavailable = random.between(surge === 0 ? 1 : 0, processes);
  const usual: Release = { ...FINE, load: [50, 4_000], drain: [0, 6_000], crashes: mayCrash ? random.pick([0, 0, 3]) : 0, recycles: random.pick([0, 0, 5]) };
  const simulator = new Simulator(random, new Map([[OLD, usual], [NEW, release]]));
  for (let index = 1; index <= before; index++) {
    if (!random.once(12)) simulator.place(OLD, index, random.pick(['ready', 'ready', 'ready', 'ready', 'down', 'starting', 'crash-loop']));
  }
  return checked({ simulator, processes, before, budget: { surge, unavailable }, settle: random.pick([0, 1_000, 3_000]), how: next });
}

property('a release that works replaces the old one, whatever the old one is like', 3_000, (random) => {
  const one = drawn(random, { ...FINE, load: [50, 5_000], drain: [0, 6_000], recycles: random.pick([0, 0, 0, 3]) });
  const { end, reason, words } = tell(one);
  assert.equal(end, 'committed', `${reason}: ${words}`);
  whole(one, NEW, one.processes);
});

property('a release that fails, by one worker or by all, leaves the old one whole', 3_000, (random) => {
  const fault = random.pick(['raises', 'hangs', 'dies'] as const);
  const drawnOnes = drawn(random, { ...FINE, load: [50, 5_000], drain: [0, 6_000], fault, bad: new Set([random.between(1, 8)]) }, false);
  const one = fault === 'dies' ? { ...drawnOnes, settle: Math.max(1_000, drawnOnes.settle) } : drawnOnes;
  const { end } = tell(one);
  if (end === 'committed') return whole(one, NEW, one.processes); // its bad worker was none of them
  assert.equal(end, 'restored');
  whole(one, OLD, one.before);
});

property('workers that crash and are stopped by hand in mid-roll: it ends, and one generation is whole', 3_000, (random) => {
  const one = drawn(random, { ...FINE, load: [50, 5_000], drain: [0, 6_000], crashes: random.pick([0, 1, 3]), recycles: random.pick([0, 3]) });
  const meddle = (): void => {
    if (!random.once(25)) return;
    const { generation, index } = random.pick(one.simulator.observe().concat({ generation: OLD, index: 1, phase: 'down', readySince: 0, failure: null }));
    one.simulator.vanish(generation, index);
  };
  const { end } = tell({ ...one, meddle });
  if (end !== 'committed') whole(one, OLD, one.before);
  else assert.ok(of(OLD, one.simulator.observe()).length === 0);
});

property('whatever vanishes after whichever start, of the new and the old: a roll ends, each worker is started twice at most, and nothing new is left of a failure', 3_000, (random) => {
  const usual = { load: [50, 4_000], drain: [0, 6_000], crashes: random.pick([0, 2]), recycles: random.pick([0, 3]) } as const;
  const release = (): Release => ({
    ...usual, fault: random.pick(['none', 'vanishes', 'vanishes', 'socketless', 'raises']),
    ...(random.once(2) ? {} : { bad: new Set([random.between(1, 8), random.between(1, 8)]) }),
  });
  const { processes, before, budget, settle } = drawn(random, FINE);
  const simulator = new Simulator(random, new Map([[OLD, release()], [NEW, release()]]));
  for (let index = 1; index <= before; index++) if (!random.once(6)) simulator.place(OLD, index, random.pick(['ready', 'ready', 'ready', 'down', 'crash-loop']));
  const starts = new Map<string, number>();
  const start = simulator.start.bind(simulator);
  simulator.start = (generation, index) => {
    starts.set(`${generation}@${index}`, 1 + (starts.get(`${generation}@${index}`) ?? 0));
    start(generation, index);
  };
  const { end, words } = tell({ simulator, processes, before, budget, settle, how: random.once(4) ? bringUp : next });
  assert.ok([...starts.values()].every((times) => times <= 2), words);
  const left = of(end === 'committed' ? OLD : NEW, simulator.observe());
  assert.deepEqual(left, [], words);
});
