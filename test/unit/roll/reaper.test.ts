import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reaper, verdict } from '../../../src/roll/reaper.js';
import { Refused, type UnitState } from '../../../src/systemd/port.js';

const UNIT = 'wsgi-worker-shop-7@1.service';
/** graceful-timeout and interrupt-timeout together: 35 s. */
const leaving = { active: 'deactivating', changedAt: 100_000, stopLimit: 35_000 };

const TABLE: readonly (readonly [what: string, unit: typeof leaving, killedAt: number | undefined, now: number, wanted: string])[] = [
  ['has its time', leaving, undefined, 100_000, 'wait'],
  ['has its whole time, and a moment for systemd to act', leaving, undefined, 139_999, 'wait'],
  ['is late', leaving, undefined, 140_000, 'kill'],
  ['is late whoever has waited for it, and since when', leaving, undefined, 9_000_000, 'kill'],
  ['was just killed', leaving, 140_000, 144_999, 'wait'],
  ['is not ended by that', leaving, 140_000, 145_000, 'give-up'],
  ['was killed, and has come to the next state of its stop', { ...leaving, changedAt: 141_000 }, 140_000, 150_000, 'wait'],
  ['serves', { ...leaving, active: 'active' }, undefined, 9_000_000, 'wait'],
  ['starts: that has limits of its own', { ...leaving, active: 'activating' }, undefined, 9_000_000, 'wait'],
  ['may take for ever, says a drop-in', { ...leaving, stopLimit: Infinity }, undefined, Number.MAX_VALUE, 'wait'],
];

for (const [what, unit, killedAt, now, wanted] of TABLE) {
  test(`a worker that ${what}: ${wanted}`, () => assert.equal(verdict(unit, killedAt, now), wanted));
}

function reaper(kill: (unit: string) => Promise<void>): { reaper: Reaper; told: string[]; clock: { now: number } } {
  const told: string[] = [];
  const clock = { now: 140_000 };
  return { reaper: new Reaper({ kill }, () => clock.now, (text) => told.push(text)), told, clock };
}

const unit = { ...leaving, name: UNIT } as UnitState;

test('a late worker is killed once, and waited for no longer when even that does not end it', async () => {
  const killed: string[] = [];
  const { reaper: one, told, clock } = reaper(async (name) => void killed.push(name));
  assert.deepEqual(await one.sweep([unit]), [unit]);
  assert.deepEqual(await one.sweep([unit]), [unit]);
  assert.deepEqual(killed, [UNIT]);
  assert.equal(one.hasKilled(UNIT), true);
  clock.now += 5_000;
  assert.deepEqual(await one.sweep([unit]), []);
  assert.deepEqual(await one.sweep([unit]), []);
  assert.deepEqual(killed, [UNIT]);
  assert.deepEqual(told, [
    'worker 1 of generation 7 did not end within 35 s: killed',
    `worker 1 of generation 7 does not end, not even by SIGKILL: systemctl status ${UNIT}`,
  ]);
});

test('a worker that ends just when it is to be killed is no fault', async () => {
  const { reaper: one } = reaper(async () => {
    throw new Refused('NoSuchUnit', 'not loaded');
  });
  assert.deepEqual(await one.sweep([unit]), [unit]);
});
