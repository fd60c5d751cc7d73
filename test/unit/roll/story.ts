// One roll in the simulator, driven by the pure decisions alone, as run.ts drives a real one.
import assert from 'node:assert/strict';
import { bringUp, type Committed } from '../../../src/roll/bring-up.js';
import type { Budget } from '../../../src/roll/budget.js';
import { next, withProven, type Worker } from '../../../src/roll/next.js';
import { undo } from '../../../src/roll/undo.js';
import { Vanished } from '../../../src/roll/vanished.js';
import { READY_TIMEOUT, Simulator } from './simulator.js';

export const OLD = 1;
export const NEW = 2;
const GRACE = 15_000;

export interface Story {
  readonly simulator: Simulator;
  readonly processes: number;
  /** How many workers the old generation has; 0: there is none. */
  readonly before: number;
  readonly budget: Budget;
  readonly settle: number;
  readonly how: typeof next | typeof bringUp;
  readonly generation?: number;
  /** How many workers of it have served before; default all. */
  readonly proven?: number;
  /** Called before each step forward. */
  readonly meddle?: () => void;
  readonly check?: (step: Taken) => void;
}

export interface Taken {
  /** `+1 -1 +1 commit -1`; undoing: `back`, then the same, and `restored` or `lost`. */
  readonly word: string;
  readonly kind: 'start' | 'retire' | 'commit' | 'stop' | 'restore';
  readonly workers: readonly Worker[];
  /** What was there when it was decided. */
  readonly seen: readonly Worker[];
  readonly undoing: boolean;
}

export interface Told {
  readonly end: 'committed' | 'restored' | 'lost';
  readonly words: string;
  readonly took: number;
  readonly reason: string | null;
}

export const standing = (workers: readonly Worker[]): readonly Worker[] => workers.filter(({ phase }) => phase !== 'leaving');
export const ready = (workers: readonly Worker[]): readonly Worker[] => workers.filter(({ phase }) => phase === 'ready');
export const of = (generation: number, workers: readonly Worker[]): readonly Worker[] =>
  workers.filter((worker) => worker.generation === generation);

/** Tells it to its end: all that must leave has left. */
export function tell(story: Story): Told {
  const { simulator, processes, budget, settle, generation = NEW } = story;
  const began = simulator.now;
  const deadlines = new Map<number, number>();
  const proven = new Map<number, number>();
  const retired = new Set<number>();
  const words: string[] = [];
  let turns = 0;
  let inDoubt = false;

  const look = (): Worker[] => {
    assert.ok(++turns < 5_000, `no end after ${turns} turns: ${words.join(' ')}\n${JSON.stringify(simulator.observe())}`);
    const seen = simulator.observe();
    for (const worker of of(generation, seen)) {
      if (proven.has(worker.index) && (worker.phase === 'ready' || worker.phase === 'leaving')) deadlines.set(worker.index, simulator.now + READY_TIMEOUT + GRACE);
    }
    return seen;
  };
  const vanishedOf = (which: number): Vanished => new Vanished(which, (index) => simulator.howEnded(which, index));
  /** What is believed of a look; those that vanished are started once more. */
  const believe = (vanished: Vanished, seen: readonly Worker[], start: (index: number) => void): readonly Worker[] => {
    const looked = vanished.look(seen);
    inDoubt = looked.inDoubt;
    for (const index of looked.again) {
      words.push('again');
      start(index);
    }
    return looked.workers;
  };
  const take = (word: string, kind: Taken['kind'], workers: readonly Worker[], seen: readonly Worker[], undoing: boolean): void => {
    words.push(word);
    story.check?.({ word, kind, workers, seen, undoing });
  };
  const pass = (until: number): void => {
    assert.ok(simulator.pass(inDoubt ? Math.min(until, simulator.now + 200) : until), `waits for ever: ${words.join(' ')}\n${JSON.stringify(simulator.observe())}`);
  };
  const target: Committed = { generation, processes, proven: story.proven ?? processes, budget, settle, patience: READY_TIMEOUT, deadline: (index) => deadlines.get(index) ?? Infinity };

  const forward = (): string | null => {
    const vanished = vanishedOf(generation);
    const start = (index: number): void => {
      simulator.start(generation, index);
      deadlines.set(index, simulator.now + READY_TIMEOUT + GRACE);
      vanished.started(index);
    };
    for (;;) {
      story.meddle?.();
      const seen = believe(vanished, look(), start);
      const step = story.how(target, withProven(target, seen, simulator.now, proven), simulator.now);
      switch (step.kind) {
        case 'start':
          take(`+${step.indexes.length}`, 'start', [], seen, false);
          for (const index of step.indexes) {
            start(index);
          }
          break;
        case 'retire':
          take(`-${step.workers.length}`, 'retire', step.workers, seen, false);
          for (const { index } of ready(step.workers)) retired.add(index);
          simulator.stop(step.workers);
          break;
        case 'wait':
          pass(step.until);
          break;
        case 'commit':
          take('commit', 'commit', [], seen, false);
          return null;
        case 'fail':
          return step.reason;
      }
    }
  };

  const back = (): 'restored' | 'lost' => {
    words.push('back');
    const previous = story.before === 0 ? null : { generation: OLD, processes: story.before };
    let deadline = simulator.now + READY_TIMEOUT + GRACE;
    const vanished = vanishedOf(OLD);
    const restore = (index: number): void => {
      simulator.start(OLD, index);
      deadline = simulator.now + READY_TIMEOUT + GRACE;
      vanished.started(index);
    };
    for (;;) {
      const seen = believe(vanished, look(), restore);
      const step = undo({ generation, settle, previous, budget, retired, deadline }, seen, simulator.now);
      switch (step.kind) {
        case 'stop':
          take(`-${step.workers.length}`, 'stop', step.workers, seen, true);
          simulator.stop(step.workers);
          break;
        case 'restore':
          take(`+${step.indexes.length}`, 'restore', [], seen, true);
          for (const index of step.indexes) {
            restore(index);
            retired.add(index);
          }
          break;
        case 'wait':
          pass(step.until);
          break;
        default:
          words.push(step.kind);
          return step.kind;
      }
    }
  };

  const retire = (): void => {
    for (;;) {
      const others = simulator.observe().filter((worker) => worker.generation !== generation || worker.index > processes);
      const left = standing(others);
      if (left.length > 0) {
        words.push(`-${left.length}`);
        simulator.stop(left);
      } else if (others.length > 0) pass(Infinity);
      else return;
    }
  };

  const reason = forward();
  const end = reason === null ? 'committed' : back();
  if (reason === null) retire();
  return { end, words: words.join(' '), took: simulator.now - began, reason };
}
