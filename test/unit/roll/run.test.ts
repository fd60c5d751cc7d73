// The roll itself, whatever becomes of the workers and of the connection to systemd: it ends.
import assert from 'node:assert/strict';
import type { NewEvent } from '../../../src/roll/events.js';
import { roll, type Ending } from '../../../src/roll/run.js';
import { asyncProperty, type Random } from '../random.js';
import { played, type Trouble } from './played.js';
import { READY_TIMEOUT, Simulator, type Release } from './simulator.js';
import { NEW, OLD, of, ready } from './story.js';

const FINE: Release = { load: [50, 3_000], drain: [0, 6_000], fault: 'none', crashes: 0, recycles: 0 };
const CALM: Trouble = { lost: 0, refuses: () => false };

interface Case {
  readonly old: Release;
  readonly fresh: Release;
  readonly trouble?: Trouble;
  readonly canary?: boolean;
  /** After how many looks the roll gets a SIGTERM. */
  readonly toldAfter?: number;
}

interface Outcome extends Ending {
  readonly simulator: Simulator;
  readonly events: readonly NewEvent[];
  readonly processes: number;
}

async function run(random: Random, { old, fresh, trouble = CALM, canary = true, toldAfter = Infinity }: Case): Promise<Outcome> {
  const processes = random.between(1, 6);
  const simulator = new Simulator(random, new Map([[OLD, old], [NEW, fresh]]));
  for (let index = 1; index <= processes; index++) simulator.place(OLD, index, 'ready');
  const surge = random.between(0, processes);
  const events: NewEvent[] = [];
  let looks = 0;
  const ending = await roll({
    app: 'shop', processes, proven: canary ? 0 : processes, canary, budget: { surge, unavailable: random.between(surge === 0 ? 1 : 0, processes) },
    generation: {
      number: NEW, createdAt: '', source: '', directory: null, template: '', needs: [], copyOf: null, processes, settle: 1_000, readyTimeout: READY_TIMEOUT, stopTimeout: 0,
    },
    previous: { generation: OLD, processes, readyTimeout: READY_TIMEOUT },
  }, {
    systemd: played(simulator, random, trouble),
    write: (event) => void events.push(event),
    commit: () => {},
    now: () => simulator.now,
    stopped: () => (looks++, Promise.resolve(false)),
    told: () => looks > toldAfter,
    superseded: () => Promise.resolve(false),
    rescan: () => {},
  });
  return { ...ending, simulator, events, processes };
}

/** One generation, all of it, and nothing of the other. */
function whole({ simulator, processes, events, text }: Outcome, generation: number): void {
  const left = simulator.observe();
  assert.deepEqual(left.map((worker) => [worker.generation, worker.index]).sort(), Array.from({ length: processes }, (_, at) => [generation, at + 1]), `${text}\n${events.map((event) => JSON.stringify(event)).join('\n')}`);
}

const unsteady = (random: Random): Trouble => ({ ...CALM, lost: random.pick([5, 20, 100]) });

asyncProperty('a good release comes whole, however often the connection is lost', 100, async (random) => {
  const outcome = await run(random, { old: FINE, fresh: FINE, trouble: unsteady(random) });
  assert.equal(outcome.outcome, 'done', outcome.text);
  whole(outcome, NEW);
});

asyncProperty('a bad one leaves the old one whole, however often the connection is lost', 100, async (random) => {
  const fault = random.pick(['raises', 'vanishes', 'socketless'] as const);
  const outcome = await run(random, { old: FINE, fresh: { ...FINE, fault }, trouble: unsteady(random) });
  assert.equal(outcome.outcome, 'rolled-back', outcome.text);
  whole(outcome, OLD);
});

asyncProperty('told to end, without a stop: what was begun is undone, or what was committed stays', 100, async (random) => {
  const outcome = await run(random, { old: FINE, fresh: FINE, toldAfter: random.between(0, 20) });
  if (outcome.outcome === 'done') assert.deepEqual(ready(of(NEW, outcome.simulator.observe())).length, outcome.processes);
  else {
    assert.equal(outcome.outcome, 'rolled-back');
    assert.match(outcome.text, /told to end/);
    whole(outcome, OLD);
  }
});

asyncProperty('whatever vanishes, fails, is lost and is refused: it ends, and says what it could not do', 200, async (random) => {
  const release = (): Release => ({
    ...FINE, fault: random.pick(['none', 'vanishes', 'socketless', 'raises', 'quits']), crashes: random.pick([0, 2]), recycles: random.pick([0, 2]),
    ...(random.once(2) ? {} : { bad: new Set([random.between(1, 6), random.between(1, 6)]) }),
  });
  const no = new Set([`start ${OLD}@1`, `start ${NEW}@2`, `stop ${OLD}@2`, `stop ${NEW}@1`, `start ${OLD}@3`].filter(() => random.once(4)));
  const trouble: Trouble = { lost: random.pick([0, 0, 20]), refuses: (deed) => no.has(deed) };
  const outcome = await run(random, { old: release(), fresh: release(), trouble, canary: !random.once(4) });
  const { exit, text, simulator } = outcome;
  assert.ok([0, 4, 5].includes(exit), text);
  if (exit === 4) assert.deepEqual(of(NEW, simulator.observe()), [], text);
  if (exit === 5) assert.match(text, /; then /);
});
