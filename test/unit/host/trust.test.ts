import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { UserError } from '../../../src/errors.js';
import { distrust, readTrusted, type PathKind, type Wish } from '../../../src/host/trust.js';

const uid = process.getuid?.() ?? 0;
let folder = '';
const at = (name: string): string => join(folder, name);
const wish = (kind: PathKind = 'file', more: Partial<Wish> = {}): Wish => ({ kind, mayMiss: false, opener: uid, sticky: true, ...more });
const said = (path: string, how = wish()): string | null => {
  const found = distrust(path, how);
  return found === null ? null : `${found.path.replace(folder, '')} ${found.reason}`;
};

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'wsgictl-trust-')));
  for (const name of ['own', 'open', 'open/deep']) mkdirSync(at(name));
  chmodSync(at('open'), 0o777);
  for (const name of ['own/a.env', 'open/a.env', 'open/deep/a.env']) writeFileSync(at(name), 'A=1\n');
  execFileSync('mkfifo', [at('own/fifo')]);
  symlinkSync(at('own'), at('to-own'));
  symlinkSync('../open/deep/a.env', at('own/out.env'));
  symlinkSync(at('own/a.env'), at('open/back.env'));
  symlinkSync('missing', at('own/nowhere'));
  symlinkSync('loop', at('own/loop'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a file in folders that nobody else can write may be opened, by way of own links too', () => {
  assert.equal(said(at('own/a.env')), null);
  assert.equal(said(at('to-own/a.env')), null);
  assert.equal(said(at('own/../own/./a.env')), null);
});

test('each folder on the way counts, also those that a link leads through, and the one that a link is in', () => {
  assert.equal(said(at('open/a.env')), '/open can be written by everybody');
  assert.equal(said(at('open/deep/a.env')), '/open can be written by everybody');
  assert.equal(said(at('own/out.env')), '/open can be written by everybody');
  assert.equal(said(at('open/back.env')), '/open can be written by everybody');
});

test('a missing file is fine where it may be missing, but its folder counts all the same', () => {
  assert.equal(said(at('own/none')), `/own/none does not exist`);
  assert.equal(said(at('own/none'), wish('file', { mayMiss: true })), null);
  assert.equal(said(at('own/nowhere'), wish('file', { mayMiss: true })), null);
  assert.equal(said(at('open/none/deeper'), wish('file', { mayMiss: true })), '/open can be written by everybody');
  assert.match(said(at('own/loop')) ?? '', /loop is a link that leads back to itself$/);
  assert.match(said(at('own/a.env/x')) ?? '', /a\.env\/x needs a folder where there is none$/);
});

test('what is at the end must be of the wanted kind', () => {
  assert.equal(said(at('own/fifo')), '/own/fifo is a FIFO, not a regular file');
  assert.equal(said(at('own')), '/own is a directory, not a regular file');
  assert.equal(said(at('own'), wish('folder')), null);
  assert.equal(said(at('open'), wish('folder')), '/open can be written by everybody');
  assert.equal(said(at('own/a.env'), wish('folder')), '/own/a.env is a regular file, not a directory');
  assert.equal(said('/dev/null', wish('output')), null);
  assert.equal(said('/dev/null'), '/dev/null is a device, not a regular file');
});

test('what is at a place may be anybody\'s, but not where it is', () => {
  assert.equal(said(at('open/deep'), wish('place')), '/open can be written by everybody');
  assert.equal(said(at('open'), wish('place')), null);
  assert.equal(said(at('own/none'), wish('place', { mayMiss: true })), null);
  assert.equal(said(at('own/out.env'), wish('place')), '/open can be written by everybody');
});

test('who has an access list can write what its group can, and the group root is not root', { skip: uid !== 0 }, () => {
  chmodSync(at('own'), 0o775);
  assert.equal(said(at('own/a.env'), wish('file', { opener: null })), '/own can be written by the group root, or by accounts of its access list (getfacl)');
  assert.throws(() => readTrusted(at('own/a.env')), /can be written by the group root/);
});

test('a folder such as /tmp will only do for what is read at once', () => {
  chmodSync(at('open'), 0o1777);
  assert.equal(said(at('open/a.env')), null);
  assert.equal(said(at('open/a.env'), wish('file', { sticky: false })), `${tmpdir()} can be written by everybody`);
});

test('what is trusted is read once, from what was looked at', () => {
  assert.equal(readTrusted(at('to-own/a.env')).content.toString(), 'A=1\n');
  assert.throws(() => readTrusted(at('open/a.env')), (error) => error instanceof UserError && /cannot trust .*: .*open can be written by everybody/.test(error.message));
  assert.throws(() => readTrusted(at('own/out.env')), UserError);
  assert.throws(() => readTrusted(at('own/fifo')), /a FIFO, not a regular file/);
  assert.throws(() => readTrusted(at('own')), { code: 'EISDIR' });
  assert.throws(() => readTrusted(at('own/none')), { code: 'ENOENT' });
  chmodSync(at('own/a.env'), 0o666);
  assert.throws(() => readTrusted(at('own/a.env')), /can be written by everybody/);
});

test('in another root, links lead to files of that root', () => {
  symlinkSync('/own/a.env', at('own/absolute.env'));
  assert.equal(said('/own/absolute.env', wish('file', { root: folder })), null);
  assert.equal(readTrusted('/own/absolute.env', folder).content.toString(), 'A=1\n');
});
