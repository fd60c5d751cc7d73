import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { foreignIn, keepTree } from '../../../src/host/kept.js';

for (const [where, folder] of [['the same file system', tmpdir()], ['another file system', '/dev/shm']] as const) {
  test(`a tree that is kept on ${where} stays as it was, whatever is renamed over its files`, (t) => {
    const app = mkdtempSync(join(tmpdir(), 'wsgictl-app-'));
    const state = mkdtempSync(join(folder, 'wsgictl-state-'));
    t.after(() => [app, state].forEach((path) => rmSync(path, { recursive: true })));
    mkdirSync(join(app, 'sub/empty'), { recursive: true });
    writeFileSync(join(app, 'sub/app.py'), 'old');
    chmodSync(join(app, 'sub/app.py'), 0o750);
    utimesSync(join(app, 'sub/app.py'), 1_000, 1_000);
    symlinkSync('../elsewhere', join(app, 'sub/link'));
    chmodSync(join(app, 'sub'), 0o555);

    const code = join(state, 'code');
    keepTree(app, code);
    chmodSync(join(app, 'sub'), 0o755);
    writeFileSync(join(app, 'sub/app.py.dpkg-new'), 'new');
    renameSync(join(app, 'sub/app.py.dpkg-new'), join(app, 'sub/app.py'));

    assert.equal(readFileSync(join(code, 'sub/app.py'), 'utf8'), 'old');
    const { mode, mtimeMs } = statSync(join(code, 'sub/app.py'));
    assert.deepEqual([mode & 0o7777, mtimeMs], [0o750, 1_000_000]);
    assert.equal(readlinkSync(join(code, 'sub/link')), '../elsewhere');
    assert.ok(existsSync(join(code, 'sub/empty')));
    assert.equal(statSync(join(code, 'sub')).mode & 0o7777, 0o555);
    chmodSync(join(code, 'sub'), 0o755);
  });
}

test('a setuid file is kept without that right, and what is no file, directory or link is not kept', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wsgictl-app-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'app'));
  writeFileSync(join(folder, 'app/helper'), 'run me');
  chmodSync(join(folder, 'app/helper'), 0o4755);
  spawnSync('mkfifo', [join(folder, 'app/fifo')]);
  keepTree(join(folder, 'app'), join(folder, 'code'));
  const { mode, ino } = statSync(join(folder, 'code/helper'));
  assert.equal(mode & 0o7777, 0o755);
  assert.notEqual(ino, statSync(join(folder, 'app/helper')).ino);
  assert.equal(statSync(join(folder, 'app/helper')).mode & 0o7777, 0o4755);
  assert.ok(!existsSync(join(folder, 'code/fifo')));
});

const ROOT_ONLY = process.getuid?.() === 0 ? false : 'files can only be given away by root';
const NOBODY = 65534;

for (const [what, change, skip] of [
  ['a folder of another account', (app: string) => chownSync(join(app, 'cache'), NOBODY, 0), ROOT_ONLY],
  ['a file of another account', (app: string) => chownSync(join(app, 'cache/file'), NOBODY, 0), ROOT_ONLY],
  ['a folder that a group can write', (app: string) => { chownSync(join(app, 'cache'), 0, NOBODY); chmodSync(join(app, 'cache'), 0o775); }, ROOT_ONLY],
  ['a folder that everybody can write', (app: string) => chmodSync(join(app, 'cache'), 0o1777), false],
  ['a file that everybody can write', (app: string) => chmodSync(join(app, 'cache/file'), 0o666), false],
] as const) {
  test(`with ${what} in it, a tree is not kept`, { skip }, (t) => {
    const root = mkdtempSync(join(tmpdir(), 'wsgictl-root-'));
    t.after(() => rmSync(root, { recursive: true }));
    const app = join(root, 'usr/share/news');
    mkdirSync(join(app, 'cache'), { recursive: true });
    writeFileSync(join(app, 'cache/file'), '');
    symlinkSync('/etc/shadow', join(app, 'link'));
    assert.equal(foreignIn(root, '/usr/share/news'), null);
    change(app);
    assert.match(foreignIn(root, '/usr/share/news') ?? '', /^\/usr\/share\/news\/cache/);
    assert.throws(() => keepTree(app, join(root, 'code')), /cannot keep .*cache.*: another account than root can change it/);
  });
}

test('nor is one below a folder that another account can write', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'wsgictl-root-'));
  t.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'usr/local/share/news'), { recursive: true });
  chmodSync(join(root, 'usr/local/share'), 0o777);
  assert.equal(foreignIn(root, '/usr/local/share/news'), '/usr/local/share');
});
