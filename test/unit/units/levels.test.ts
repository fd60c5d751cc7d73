import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directivesOf } from '../../../src/units/directives.js';
import { levelsOf } from '../../../src/units/levels.js';

test('the folders of drop-ins, as systemd 252 and 257 look for them', () => {
  const cases: Readonly<Record<string, string>> = {
    'wsgi-worker-shop-7@1.service': 'wsgi-worker-shop-7@1 wsgi-worker-shop-7@ wsgi-worker-shop- wsgi-worker- wsgi- '
      + 'wsgi-worker-shop-@1 wsgi-worker-shop-@ wsgi-worker-@1 wsgi-worker-@ wsgi-@1 wsgi-@',
    'wsgi-app@my-shop.socket': 'wsgi-app@my-shop wsgi-app@ wsgi- wsgi-@my-shop wsgi-@',
    'wsgi-app-drain.service': 'wsgi-app-drain wsgi-app- wsgi-',
    'wsgi-app.target': 'wsgi-app wsgi-',
  };
  for (const [unit, folders] of Object.entries(cases)) {
    const type = unit.replace(/.*\./, '');
    assert.deepEqual(levelsOf(unit), { named: folders.split(' ').map((one) => `${one}.${type}.d`), type: `${type}.d` }, unit);
  }
});

test('the lines of a unit file', () => {
  const text = '# x\nStray=1\n[Service]\n  TimeoutStopSec = 1 \n;y\nExecStart=/bin/a \\\n# in between\n  b\nKillMode=\nnonsense\n[Unit]\nA=b=c\\\n';
  const found = directivesOf(text).map(({ section, name, value, line }) => `${line} ${section}.${name}=${value}`);
  assert.deepEqual(found, ['2 .Stray=1', '4 Service.TimeoutStopSec=1', '6 Service.ExecStart=/bin/a  b', '9 Service.KillMode=', '12 Unit.A=b=c']);
});
