import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Folder } from '../../../src/host/folder.js';
import { knownApps, Ledger } from '../../../src/host/ledger.js';
import { readTrusted } from '../../../src/host/trust.js';
import type { Generation } from '../../../src/plan/generation.js';
import type { Wish } from '../../../src/roll/events.js';

let state = '';
let ini = '';
let ledger: Ledger;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'wsgictl-ledger-'));
  chmodSync(state, 0o755);
  ini = join(state, 'x.ini');
  writeFileSync(ini, '[app]\n');
  ledger = new Ledger(new Folder(state), 'shop');
});
afterEach(() => rmSync(state, { recursive: true }));

const GENERATION: Generation = {
  number: 0, createdAt: '', source: '', directory: null, template: '', needs: [], copyOf: null, processes: 1, settle: 0, readyTimeout: 0, stopTimeout: 0,
};

function made(): number {
  const number = ledger.reserve([]);
  ledger.record({ ...GENERATION, number }, 'unit', readTrusted(ini), null);
  return number;
}

/** As a roll leaves it. */
function rolled(wish: Wish, generation: number, good: boolean): void {
  const log = ledger.beginRoll(Date.now);
  log.write({ kind: 'begin', wish, from: ledger.current(), pid: 1 });
  if (good) {
    ledger.commit(generation);
    log.write({ kind: 'commit', generation });
  }
  log.write({ kind: 'end', outcome: good ? 'done' : 'rolled-back', exit: good ? 0 : 4, text: '' });
  log.close();
  ledger.prune([]);
}

function deployed(good = true): number {
  const number = made();
  rolled({ kind: 'new' }, number, good);
  return number;
}

test('what served before is known however often the app was started since, and however many deploys failed', () => {
  const [first, second] = [deployed(), deployed()];
  for (let starts = 0; starts < 50; starts++) rolled({ kind: 'start' }, second, true);
  assert.deepEqual(ledger.served(), [first, second]);
  assert.equal(ledger.rolls().length, 22, 'of two deploys and fifty starts');
  for (let failed = 0; failed < 30; failed++) deployed(false);
  assert.deepEqual(ledger.served(), [first, second]);
  assert.deepEqual(ledger.generations(), [first, second, 28, 29, 30, 31, 32]);
  assert.equal(ledger.unitText(first), 'unit');
  for (let good = 0; good < 30; good++) deployed();
  assert.equal(ledger.served().length, 11);
  assert.equal(ledger.current(), ledger.served().at(-1));
});

test('what older versions know of a generation that served counts too', () => {
  const [first, second] = [deployed(), deployed()];
  for (const number of [first, second]) rmSync(join(state, 'shop/generations', String(number), 'served'));
  assert.deepEqual(ledger.served(), [first, second]);
});

test('a generation that waits for the next start is kept; a number is taken once, and given back without a trace', () => {
  assert.deepEqual([ledger.reserve([]), ledger.reserve([]), ledger.reserve([7])], [1, 2, 8]);
  ledger.giveBack(8);
  ledger.giveBack(2);
  assert.deepEqual([ledger.generations(), knownApps(new Folder(state))], [[1], ['shop']]);
  ledger.giveBack(1);
  assert.deepEqual(readdirSync(state), ['x.ini']);
  deployed();
  const waiting = made();
  ledger.wish({ kind: 'made', generation: waiting });
  for (let failed = 0; failed < 9; failed++) deployed(false);
  assert.ok(ledger.generations().includes(waiting));
  assert.deepEqual(ledger.takeWish(), { kind: 'made', generation: waiting });
  assert.equal(ledger.takeWish(), null);
});

test('a roll that was stopped is no failure that status tells of', () => {
  deployed(false);
  const log = ledger.beginRoll(Date.now);
  log.write({ kind: 'begin', wish: { kind: 'new' }, from: null, pid: 1 });
  ledger.endUnfinished({ at: 1, kind: 'end', outcome: 'stopped', exit: 1, text: '' });
  assert.match(JSON.stringify(ledger.events(ledger.lastFailed() ?? 0)), /rolled-back/);
});
