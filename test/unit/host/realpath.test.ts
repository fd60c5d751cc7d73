import assert from 'node:assert/strict';
import {
  chmodSync, copyFileSync, linkSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { linkFolders, realpathIn } from '../../../src/host/realpath.js';
import { stampsOf, watchedFor } from '../../../src/host/stamps.js';

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

test('the directories that hold the links on the way, as far as it goes', () => {
  assert.deepEqual(linkFolders(root, '/srv/shop/releases/7/app.wsgi'), []);
  assert.deepEqual(linkFolders(root, '/srv/shop/current/app.wsgi'), ['/srv/shop']);
  assert.deepEqual(linkFolders(root, '/srv/above/current/app.wsgi'), ['/srv', '/srv/shop']);
  assert.deepEqual(linkFolders(root, '/srv/none/app.wsgi'), []);
});

test('of a touch: the file and those directories are watched; of a directory behind a link, only these', () => {
  assert.deepEqual(watchedFor(root, ['/srv/shop/current/app.wsgi', '/srv/shop/restart.txt']), ['/srv/shop/current/app.wsgi', '/srv/shop', '/srv/shop/restart.txt']);
  assert.deepEqual(watchedFor(root, ['/srv/shop/current']), ['/srv/shop']);
  assert.deepEqual(watchedFor(root, ['/etc']), ['/etc']);
});

test('a stamp tells a touch from what is none', () => {
  const [file, other] = ['/srv/shop/releases/7/app.wsgi', '/srv/shop/releases/7/other'];
  const stamp = (): string | null => stampsOf(root, [file])[file] ?? null;
  assert.equal(stamp(), null);
  writeFileSync(root + file, '1');
  utimesSync(root + file, 1, 1);
  const first = stamp();
  chmodSync(root + file, 0o600);
  linkSync(root + file, root + other);
  assert.equal(stamp(), first);
  utimesSync(root + file, 1, 2);
  assert.notEqual(stamp(), first);
  const second = stamp();
  copyFileSync(root + file, root + other + '2');
  utimesSync(root + other + '2', 1, 2);
  renameSync(root + other + '2', root + file);
  assert.notEqual(stamp(), second);
  const directory = stampsOf(root, ['/srv/shop/current']);
  writeFileSync(`${root}/srv/shop/releases/7/new`, '');
  assert.deepEqual(stampsOf(root, ['/srv/shop/current']), directory);
});
