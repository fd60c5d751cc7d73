import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesOf, mostTelling } from '../../../src/cli/journal.js';

/** Of each of the alternatives that `+` stands between. */
function alternatives(matches: readonly string[]): string[][] {
  return matches.join('\n').split('\n+\n').map((one) => one.split('\n'));
}

const UNIT = 'wsgi-worker-my:shop-7@1.service';
const RUN = 'a'.repeat(32);

for (const user of [null, 1000]) {
  for (const invocation of [RUN, '']) {
    test(`of a worker is only what ${user === null ? 'PID 1' : 'its account'} vouches for${invocation === '' ? ', of all its runs' : ''}`, () => {
      const [own = [], systemds = []] = alternatives(matchesOf(UNIT, invocation, user));
      // journald takes the invocation of a user's unit from that user's files: without the unit anybody could be it.
      assert.ok(own.includes(user === null ? `_SYSTEMD_UNIT=${UNIT}` : `_SYSTEMD_USER_UNIT=${UNIT}`));
      assert.ok(own.every((one) => one.startsWith('_')), own.join());
      assert.equal(own.includes(`_SYSTEMD_INVOCATION_ID=${RUN}`), invocation !== '');
      assert.ok(systemds.includes(`_UID=${user ?? 0}`), systemds.join());
      if (user !== null) assert.ok(own.includes(`_UID=${user}`));
    });
  }
}

test('the last lines are shown; of a crash those in which it happened', () => {
  const lines = (count: number): string[] => Array.from({ length: count }, (_, at) => `line ${at}`);
  assert.deepEqual(mostTelling(lines(3), 15), lines(3));
  assert.deepEqual(mostTelling(lines(20), 2), ['line 18', 'line 19']);
  for (const head of ['Fatal Python error: Segmentation fault', 'Timeout (0:00:59)!']) {
    const stack = [head, 'Current thread 0x7f (most recent call first):', '  File "/srv/app.py", line 3 in <module>', ...lines(90)];
    assert.deepEqual(mostTelling(['before', ...stack], 15), stack.slice(0, 15));
    assert.deepEqual(mostTelling(['before', head, 'a'], 15), ['before', head, 'a']);
  }
});
