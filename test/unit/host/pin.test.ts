import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readApp } from '../../../src/config/app.js';
import { pin } from '../../../src/host/pin.js';

test('a generation keeps the directory that a packaged app has for itself below /usr, and no other', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'wsgictl-root-'));
  t.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  writeFileSync(join(root, 'usr/bin/python3'), '');
  const kept = (directory: string, isPackaged = true): string | null => {
    mkdirSync(root + directory, { recursive: true });
    const { config } = readApp('news.ini', 'news', `[app]\nmodule = news\nuser = news\ndirectory = ${directory}\n`, 'system');
    assert.ok(config !== null);
    return pin(config, '/runner', isPackaged, root).kept;
  };
  const own = ['/usr/share/news', '/usr/lib/news/app', '/usr/lib/python3/dist-packages/news'];
  assert.deepEqual(own.map((directory) => kept(directory)), own);
  const others = ['/usr', '/usr/share', '/usr/lib/python3', '/usr/lib/python3/dist-packages', '/srv/news', '/usr/share/a:b'];
  assert.deepEqual(others.map((directory) => kept(directory)), others.map(() => null));
  assert.equal(kept('/usr/share/news', false), null);
});
