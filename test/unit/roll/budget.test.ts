import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAmount } from '../../../src/config/number.js';
import { budget } from '../../../src/roll/budget.js';
import { property } from '../random.js';

const TABLE: readonly (readonly [processes: number, maxSurge: string, maxUnavailable: string, surge: number, unavailable: number])[] = [
  [4, '1', '0', 1, 0],
  [4, '100%', '0', 4, 0],
  [4, '0', '1', 0, 1],
  // A surge is rounded up, who may be missing down.
  [2, '25%', '25%', 1, 0],
  [4, '25%', '25%', 1, 1],
  [5, '25%', '25%', 2, 1],
  [7, '50%', '50%', 4, 3],
  [1, '1%', '99%', 1, 0],
  [1, '0', '100%', 0, 1],
  [3, '33%', '34%', 1, 1],
  [100, '7%', '7%', 7, 7],
  // No more can be missing than there are.
  [2, '10', '10', 10, 2],
  // Nobody may be added and nobody may be missing: one may be missing all the same.
  [2, '0', '25%', 0, 1],
  [8, '0%', '12%', 0, 1],
  [1, '0', '0', 0, 1],
];

for (const [processes, maxSurge, maxUnavailable, surge, unavailable] of TABLE) {
  test(`${processes} processes, max-surge ${maxSurge}, max-unavailable ${maxUnavailable}`, () => {
    assert.deepEqual(budget(processes, readAmount(maxSurge), readAmount(maxUnavailable)), { surge, unavailable });
  });
}

property('a budget lets something move, and never asks for more missing workers than there are', 2_000, (random) => {
  const amount = (): string => (random.once(2) ? `${random.between(0, 100)}%` : String(random.between(0, 12)));
  const processes = random.between(1, 1000);
  const { surge, unavailable } = budget(processes, readAmount(amount()), readAmount(amount()));
  assert.ok(surge + unavailable > 0);
  assert.ok(unavailable <= processes);
  assert.ok(Number.isInteger(surge) && Number.isInteger(unavailable) && surge >= 0 && unavailable >= 0);
});
