import assert from 'node:assert/strict';
import { chownSync, chmodSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { rootPart } from '../../../src/host/root-part.js';

test('a path is in root\'s hands up to a folder that somebody else can change', { skip: process.getuid?.() !== 0 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'root-'));
  try {
    const folder = (path: string, uid = 0, mode = 0o755): void => {
      mkdirSync(root + path);
      chownSync(root + path, uid, 0);
      chmodSync(root + path, mode);
    };
    chmodSync(root, 0o755);
    for (const path of ['/srv', '/srv/own', '/srv/own/static', '/opt']) folder(path);
    folder('/srv/shop', 1001);
    folder('/srv/shop/static', 1001);
    folder('/srv/group', 0, 0o775);
    folder('/srv/files', 1001);
    symlinkSync('/srv/own', `${root}/opt/good`);
    symlinkSync('/srv/shop/static', `${root}/opt/bad`);
    symlinkSync('/srv/shop', `${root}/opt/half`);
    symlinkSync('/srv/own', `${root}/srv/shop/link`);
    lchownSync(`${root}/srv/shop/link`, 1001, 0);
    for (const [path, part] of [
      ['/srv/own/static', '/srv/own/static'], ['/srv/files', '/srv/files'], ['/srv/files/a/b', '/srv/files'], ['/srv/shop/static', '/srv/shop'],
      ['/srv/shop/link/static', '/srv/shop'], ['/srv/group/a', '/srv/group'], ['/opt/good/static', '/opt/good/static'], ['/opt/bad', '/opt'], ['/opt/bad/x', '/opt'],
      ['/opt/half', '/opt/half'], ['/opt/half/static', '/opt/half'], ['/srv/none/a', '/srv/none'],
    ] as const) assert.equal(rootPart(path, root), part, path);
  } finally {
    rmSync(root, { recursive: true });
  }
});
