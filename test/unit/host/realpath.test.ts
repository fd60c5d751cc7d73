import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { realpathIn } from '../../../src/host/realpath.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'root-')));
after(() => rmSync(root, { recursive: true }));
mkdirSync(join(root, 'srv/shop/releases/7'), { recursive: true });
mkdirSync(join(root, 'etc'));
const link = (target: string, path: string): void => symlinkSync(target, join(root, path));
link('/srv/shop/releases/7', 'srv/shop/current');
link('releases/7', 'srv/shop/relative');
link('../../../../../srv/shop', 'srv/above');
link('/srv/shop/nowhere', 'srv/dangling');
link('loop', 'srv/loop');

const TABLE: readonly (readonly [path: string, real: string])[] = [
  ['/srv/shop/current', '/srv/shop/releases/7'],
  ['/srv/shop/relative/', '/srv/shop/releases/7'],
  ['/srv/shop/current/../7/.', '/srv/shop/releases/7'],
  ['/srv/above/current', '/srv/shop/releases/7'],
  ['/../../etc', '/etc'],
  ['/', '/'],
];
for (const [path, real] of TABLE) test(`${path} is ${real} there`, () => assert.equal(realpathIn(root, path), real));

test('what is not there is an error, as a link that leads nowhere or to itself', () => {
  assert.throws(() => realpathIn(root, '/srv/none'), { code: 'ENOENT' });
  assert.throws(() => realpathIn(root, '/srv/dangling'), { code: 'ENOENT' });
  assert.throws(() => realpathIn(root, '/srv/loop'), { code: 'ELOOP' });
});
