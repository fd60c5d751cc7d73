import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { sweep, temporaryFor, writeWhole } from '../../../src/host/files.js';
import { Folder } from '../../../src/host/folder.js';
import { inside } from '../../../src/host/inside.js';
import { Ledger, knownApps } from '../../../src/host/ledger.js';
import { UnitDirectory } from '../../../src/host/unitdir.js';

let base = '';
/** Stands for this machine: what the links in the root lead to. */
let host = '';
let root = '';

const STATE = '/var/lib/wsgictl';
const UNITS = '/etc/systemd/system';

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'wsgictl-folder-')));
  host = join(base, 'host');
  root = join(base, 'root');
  for (const folder of ['var/lib/wsgictl/shop/generations/1', 'etc/systemd/system/wsgi-app@shop.socket.d']) mkdirSync(join(host, folder), { recursive: true });
  mkdirSync(root);
  for (const file of ['var/lib/wsgictl/shop/wish', 'etc/systemd/system/wsgi-app@shop.socket.d/10-wsgictl.conf', 'etc/systemd/system/wsgi-worker-shop-1@.service']) {
    writeFileSync(join(host, file), '"of this machine"');
  }
});
afterEach(() => rmSync(base, { recursive: true }));

/** Each file of a tree with what it is. */
function listing(folder: string): string[] {
  return readdirSync(folder).sort().flatMap((name) => {
    const path = join(folder, name);
    const found = lstatSync(path);
    const content = found.isSymbolicLink() ? readlinkSync(path) : found.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
    return [`${path} ${found.mode} ${found.ino} ${found.mtimeMs} ${content}`, ...(found.isDirectory() ? listing(path) : [])];
  });
}

const FORMS: Readonly<Record<string, (target: string, link: string) => string>> = {
  absolute: (target) => target,
  relative: (target, link) => relative(dirname(link), target),
  'climbing above the root': (target) => `${'../'.repeat(30)}${target.slice(1)}`,
};

const WAY = [...partsOf(`${STATE}/shop/generations`), ...partsOf(`${UNITS}/wsgi-app@shop.socket.d`)];

function partsOf(path: string): string[] {
  return path.split('/').slice(1).map((_, at, parts) => parts.slice(0, at + 1).join('/'));
}

for (const [form, text] of Object.entries(FORMS)) {
  test(`no ${form} link in another root leads out of it, wherever it is on the way`, () => {
    const before = listing(host);
    for (const at of WAY) {
      rmSync(root, { recursive: true });
      const link = join(root, at);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(text(join(host, at), link), link);

      const state = new Folder(STATE, root);
      const units = new UnitDirectory(UNITS, root);
      const ledger = new Ledger(state, 'shop');
      assert.deepEqual([knownApps(state), ledger.generations(), units.generations('shop'), units.socketDropIn('shop')], [[], [], [], null], at);
      assert.equal(ledger.takeWish(), null, at);
      ledger.wish({ kind: 'new' });
      ledger.introduce();
      units.writeGeneration('shop', 1, 'new');
      units.writeSocketDropIn('shop', 'new');
      assert.deepEqual([knownApps(state), units.generations('shop'), units.socketDropIn('shop'), ledger.takeWish()], [['shop'], [1], 'new', { kind: 'new' }], at);
      units.writeSocketDropIn('shop', null);
      units.removeGeneration('shop', 1);
      ledger.forget();
      assert.deepEqual(knownApps(state), [], at);
      assert.deepEqual(listing(host), before, at);
    }
  });
}

test('nor does one at the place of a file: it is not read, and is replaced', () => {
  const before = listing(host);
  const folder = new Folder(UNITS, root);
  folder.make('.');
  symlinkSync(join(host, 'etc/systemd/system/wsgi-worker-shop-1@.service'), join(root, UNITS, 'x.service'));
  assert.equal(folder.read('x.service'), null);
  folder.write('x.service', 'new');
  assert.equal(readFileSync(join(root, UNITS, 'x.service'), 'utf8'), 'new');
  symlinkSync(join(host, 'etc'), join(root, UNITS, 'link'));
  assert.deepEqual([folder.list('link'), folder.stat('link'), folder.has('link')], [null, undefined, true]);
  folder.removeTree('link');
  assert.ok(!folder.has('link'));
  assert.deepEqual(listing(host), before);
});

test('nor one that is switched while we are at it', () => {
  const before = listing(host);
  mkdirSync(join(root, UNITS), { recursive: true });
  inside(root, `${UNITS}/x.service`, (here) => {
    renameSync(join(root, 'etc'), join(root, 'moved'));
    symlinkSync(join(host, 'etc'), join(root, 'etc'));
    writeWhole(here, 'new');
  }, { keep: true });
  assert.equal(readFileSync(join(root, 'moved/systemd/system/x.service'), 'utf8'), 'new');
  assert.deepEqual(listing(host), before);
});

test('what is no plain file there is a plain error, and is not waited for', () => {
  const folder = new Folder(UNITS, root);
  folder.make('folder');
  spawnSync('mkfifo', [folder.show('fifo')]);
  writeFileSync(folder.show('large'), '');
  truncateSync(folder.show('large'), 17 * 1024 * 1024);
  symlinkSync('loop', folder.show('loop'));
  for (const name of ['fifo', 'folder', 'large']) assert.throws(() => folder.read(name), { name: 'UserError', message: `cannot read ${folder.show(name)}: it is no file of at most 16 MiB` });
  assert.throws(() => folder.read('loop/x'), { name: 'UserError', message: /^cannot use .*\/root\/etc\/systemd\/system\/loop\/x: it is a link that leads back to itself$/ });
  assert.throws(() => folder.write('large/x', ''), { name: 'UserError', message: /^cannot use .*\/large\/x: it needs a folder where there is none$/ });
  assert.equal(folder.read('large/x'), null);
});

test('a link to the root is followed as the root sees it', () => {
  mkdirSync(join(root, 'data/state'), { recursive: true });
  mkdirSync(join(root, 'var/lib'), { recursive: true });
  symlinkSync('/data/state', join(root, STATE));
  new Folder(STATE, root).write('x', 'new');
  assert.equal(readFileSync(join(root, 'data/state/x'), 'utf8'), 'new');
  symlinkSync(root, join(base, 'alias'));
  assert.equal(new Folder(STATE, join(base, 'alias')).read('x'), 'new');
});

test('a file is written through no link, the one of a temporary file included, and what a killed run left is swept', () => {
  const precious = join(base, 'precious');
  writeFileSync(precious, 'precious');
  const path = join(root, 'shop.ini');
  for (let pid = process.pid - 5; pid < process.pid + 5; pid++) symlinkSync(precious, `${path}.${pid}.tmp`);
  symlinkSync(precious, path);
  const [stale, fresh] = [temporaryFor(path), temporaryFor(path)];
  assert.notEqual(stale, fresh);
  for (const left of [stale, fresh]) writeFileSync(left, '');
  utimesSync(stale, 1, 1);
  writeWhole(path, 'new');
  assert.deepEqual([readFileSync(path, 'utf8'), readFileSync(precious, 'utf8'), lstatSync(path).isFile()], ['new', 'precious', true]);
  assert.deepEqual([existsSync(stale), existsSync(fresh)], [false, true]);
  const folder = temporaryFor(path);
  mkdirSync(join(folder, 'sub'), { recursive: true });
  symlinkSync(base, join(folder, 'link'));
  utimesSync(folder, 1, 1);
  sweep(root);
  assert.deepEqual([existsSync(folder), existsSync(precious)], [false, true]);
});

test('a failed write leaves nothing behind', () => {
  mkdirSync(join(root, 'folder/full'), { recursive: true });
  assert.throws(() => writeWhole(join(root, 'folder'), 'new'));
  assert.deepEqual(readdirSync(root), ['folder']);
});
