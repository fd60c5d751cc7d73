import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaintMatches, matchesOf } from '../../../src/cli/journal.js';

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
  test(`of systemd is only what ${user === null ? 'PID 1' : "the user's manager"} wrote`, () => {
    const matches = complaintMatches('/run/systemd/system/wsgi-check-shop:1:x-0@.service', user);
    assert.deepEqual(matches.slice(1), user === null ? ['_PID=1', '_UID=0'] : ['_SYSTEMD_USER_UNIT=init.scope', '_UID=1000']);
  });
}
