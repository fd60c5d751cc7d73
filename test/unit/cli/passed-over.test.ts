import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaints } from '../../../src/cli/passed-over.js';

test('of what systemd-analyze says, the lines about the unit itself are taken', () => {
  const file = '/run/wsgi/check-a1/wsgi-check.service';
  const said = [
    `${file}:45: Failed to parse LimitNOFILE= value, ignoring: 65k5`,
    '/lib/systemd/system/other.service:9: Unit uses KillMode=none.',
    `${file}x:3: no`,
    `wsgi-check.service: Command /srv/venv/bin/python is not executable: Permission denied`,
    `${file}:50: Unknown key name 'X\u001b[2J' in section 'Service', ignoring.`,
    '',
  ].join('\n');
  assert.deepEqual(complaints(said, file).map(({ line }) => line), [45, 50]);
  assert.equal(complaints(said, file)[0]?.message, 'Failed to parse LimitNOFILE= value, ignoring: 65k5');
});
