import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { keepTree } from '../../../src/host/kept.js';

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
