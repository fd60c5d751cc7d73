import assert from 'node:assert/strict';
import { once } from 'node:events';
import { lstatSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { accountId, ownGroup } from '../../../src/host/accounts.js';
import { differs, setAccess } from '../../../src/host/socket-file.js';

const FOLDER = mkdtempSync(join(tmpdir(), 'wsgictl-socket-file-'));
const path = join(FOLDER, 'x.sock');
const server = createServer().listen({ path });
after(() => {
  server.close();
  rmSync(FOLDER, { recursive: true });
});
const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];

test('an open socket gets another mode in place, and nothing else does', async () => {
  await once(server, 'listening');
  const { ino } = lstatSync(path);
  for (const mode of [0o600, 0o666, 0o660]) {
    assert.equal(differs(path, { mode, uid, gid }), true);
    setAccess(path, { mode, uid, gid });
    const now = lstatSync(path);
    assert.deepEqual([now.mode & 0o777, now.ino, differs(path, { mode, uid, gid })], [mode, ino, false]);
  }
  const [file, link] = [join(FOLDER, 'file'), join(FOLDER, 'link')];
  writeFileSync(file, '', { mode: 0o600 });
  symlinkSync(path, link);
  for (const other of [file, link]) {
    setAccess(other, { mode: 0o666, uid, gid });
    assert.equal(differs(other, { mode: 0o666, uid, gid }), false);
  }
  assert.deepEqual([lstatSync(file).mode & 0o777, lstatSync(path).mode & 0o777], [0o600, 0o660]);
  assert.equal(differs(join(FOLDER, 'none'), { mode: 0o666, uid, gid }), false);
  assert.throws(() => setAccess(join(FOLDER, 'none'), { mode: 0o666, uid, gid }), { code: 'ENOENT' });
});

test('another owner', { skip: uid !== 0 && 'only root gives files away' }, () => {
  setAccess(path, { mode: 0o640, uid: 12345, gid: 54321 });
  const { mode, uid: owner, gid: group } = lstatSync(path);
  assert.deepEqual([mode & 0o777, owner, group], [0o640, 12345, 54321]);
});

test('accounts have numbers', () => {
  assert.equal(accountId('passwd', 'root'), 0);
  assert.equal(accountId('group', '4242'), 4242);
  assert.equal(accountId('group', 'no-such-group'), null);
  assert.deepEqual([ownGroup('root'), ownGroup('no-such-account')], [0, null]);
});
