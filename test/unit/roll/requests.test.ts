import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Wish } from '../../../src/roll/events.js';
import { ASKING, chosenWish, sortRequests, type Request, type Run } from '../../../src/roll/requests.js';
import { property } from '../random.js';

/** Ms of CLOCK_MONOTONIC: now, and when the run began. */
const NOW = 1_000_000;
const BEGAN = NOW - 100;
const JOB = '/job/7';

const asked = (name: string, msAgo: number, job: string | null, more: Partial<Request> = {}): Request & { readonly name: string } => ({
  name, number: (NOW - msAgo) * 1000, wish: null, job, queuedAt: NOW - msAgo + 1, ...more,
});
const run = (state: string | null, others: readonly string[] = []): Run => ({
  job: state === null ? null : { path: JOB, type: 'reload', state }, jobs: new Set([...(state === null ? [] : [JOB]), ...others]), since: BEGAN,
});

const CASES: readonly (readonly [what: string, requests: readonly ReturnType<typeof asked>[], run: Run, own: string, later: string, asking: string, gone: string])[] = [
  ['none', [], run('running'), '', '', '', ''],
  ['of this job, and no other run follows', [asked('a', 300, JOB), asked('b', 50, JOB)], run('running'), 'a b', '', '', ''],
  ['another run follows: what was asked for since this one began is that one\'s', [asked('a', 300, JOB), asked('b', 50, JOB)], run('waiting'), 'a', 'b', '', ''],
  ['another run follows, and nothing is surely ours', [asked('b', 90, JOB)], run('waiting'), '', 'b', '', ''],
  ['of a job that still waits, such as a start behind a stop', [asked('a', 300, '/job/8')], run('running', ['/job/8']), '', '', '', ''],
  ['of a job that was cancelled, or has run without it', [asked('a', 300, '/job/6')], run('running'), '', '', '', 'a'],
  ['systemd is being asked just now', [asked('a', 20, null)], run('running'), '', '', 'a', ''],
  ['whoever made it was killed before systemd was asked', [asked('a', ASKING + 1, null)], run('running'), '', '', '', 'a'],
  ['without a job of ours, nothing is ours', [asked('a', 300, JOB), asked('b', 20, null)], run(null), '', '', 'b', 'a'],
];

for (const [what, requests, one, ...expected] of CASES) {
  test(`which requests a run takes: ${what}`, () => {
    const { own, later, asking, void: gone } = sortRequests(requests, one, NOW);
    const names = (some: readonly Request[]): string => some.map((each) => (each as ReturnType<typeof asked>).name).join(' ');
    assert.deepEqual([own, later, asking, gone].map(names), expected);
  });
}

property('whatever there is, no request is two things at once, and what is left to the next run is that one\'s', 2000, (random) => {
  const requests = Array.from({ length: random.between(0, 5) }, (_, at) => asked(String(at), random.between(0, 8000), random.pick([null, JOB, '/job/6', '/job/8'])));
  const one = { ...run(random.pick(['running', 'waiting', null]), random.pick([[], ['/job/8']])), since: NOW - random.between(0, 8000) };
  const { own, later, asking, void: gone } = sortRequests(requests, one, NOW);
  const all = [...own, ...later, ...asking, ...gone];
  assert.equal(new Set(all).size, all.length);
  assert.deepEqual(sortRequests(later, { ...run('running'), since: NOW }, NOW).own, later);
  if (one.job?.state !== 'waiting') assert.deepEqual(later, []);
});

const made = (generation: number): Wish => ({ kind: 'made', generation });
const WISHES: readonly (readonly [what: string, wishes: readonly (Wish | null)[], verb: 'start' | 'reload', standing: Wish | null, current: number | null, chosen: Wish])[] = [
  ['a plain reload', [], 'reload', null, 5, { kind: 'new' }],
  ['a plain start', [], 'start', null, 5, { kind: 'start' }],
  ['a first start', [], 'start', null, null, { kind: 'new' }],
  ['a first apply', [made(1)], 'start', null, null, made(1)],
  ['an apply', [made(6)], 'reload', null, 5, made(6)],
  ['of two applies the newer', [made(6), made(7)], 'reload', null, 5, made(7)],
  ['of two applies the newer, though its command asked first', [made(7), made(6)], 'reload', null, 5, made(7)],
  ['an apply that was overtaken before it asked', [made(6)], 'reload', null, 7, { kind: 'start' }],
  ['a generation that serves already, after a roll that was killed', [made(5)], 'reload', null, 5, { kind: 'start' }],
  ['a rollback after an apply', [made(6), { kind: 'rollback', to: 3 }], 'reload', null, 5, { kind: 'rollback', to: 3 }],
  ['an apply after a rollback', [{ kind: 'rollback', to: 3 }, made(6)], 'reload', null, 5, made(6)],
  ['a start that somebody else\'s apply is part of', [made(6), null], 'start', null, 5, made(6)],
  ['a number of workers of what serves', [{ kind: 'scale', processes: 3, of: 5 }], 'reload', null, 5, { kind: 'scale', processes: 3, of: 5 }],
  ['a number of workers of what served', [{ kind: 'scale', processes: 3, of: 5 }], 'reload', null, 6, { kind: 'start' }],
  ['a number of workers, and a release', [made(6), { kind: 'scale', processes: 3, of: 5 }], 'reload', null, 5, made(6)],
  ['a release, and a start of what is missing', [made(6), { kind: 'start' }], 'reload', null, 5, made(6)],
  ['what was applied while the app was stopped', [null], 'start', made(6), 5, made(6)],
  ['the same, when a reload has overtaken it', [], 'start', made(6), 8, { kind: 'start' }],
  ['a reload goes by the INI file, whatever was to be done at a start', [], 'reload', made(6), 5, { kind: 'new' }],
  ['a rollback goes before what was to be done at a start', [{ kind: 'rollback', to: 3 }], 'start', made(6), 5, { kind: 'rollback', to: 3 }],
];

for (const [what, wishes, verb, standing, current, chosen] of WISHES) {
  test(`what a run does: ${what}`, () => {
    const own = wishes.map((wish, at) => asked(String(at), 100 - at, JOB, { wish }));
    assert.deepEqual(chosenWish(own, { verb, standing, current, isRenewed: false, isOutdated: (generation) => current !== null && current > generation }), chosen);
  });
}
