import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { mendModes } from '../../../src/host/modes.js';
import { places } from '../../../src/host/places.js';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'wsgictl-modes-')));
after(() => rmSync(base, { recursive: true }));

const HERE = { ...places('system', '/nowhere/wsgictl', {}), state: join(base, 'state'), units: join(base, 'units'), runtime: join(base, 'run') };

/** With the modes that root's umask 077 makes of them, and those that are meant to be so. */
const PRIVATE = [
  'state/shop/generations/1/app.ini', 'state/shop/proof', 'state/shop/proof.apache.conf', 'state/shop/generations/1/code/secret.py', 'state/other/wish',
  'units/wsgi-worker-shop-.service.d/own.conf', 'units/wsgi-app@shop.socket.d/own.conf', 'units/other.service',
];
const FOR_ALL = [
  'state/.runner/4a4dcf379784/__main__.py', 'state/.runner/595d88301d10/__main__.py', 'state/shop/generations/1/record.json', 'state/shop/generations/1/unit.service',
  'state/shop/rolls/1.jsonl', 'state/shop/wish', 'state/shop/processes', 'state/shop/touched', 'state/shop/socket-move',
  'units/wsgi-app@.service', 'units/wsgi-worker-shop-1@.service', 'units/wsgi-app@shop.socket.d/10-wsgictl.conf', 'run/failed/shop',
];

function make(): void {
  for (const file of [...PRIVATE, ...FOR_ALL]) {
    mkdirSync(join(base, file, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(join(base, file), '', { mode: 0o600 });
    chmodSync(join(base, file), 0o600);
  }
  for (const folder of folders(base)) chmodSync(folder, 0o700);
}

function folders(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? [join(path, one.name), ...folders(join(path, one.name))] : []));
}

const modeOf = (path: string): string => (lstatSync(join(base, path)).mode & 0o7777).toString(8);
const root = process.getuid?.() === 0 ? false : 'only root has such files';

test("what root's umask 077 made of what is for all to read is mended; secrets and others' files stay as they are", { skip: root }, () => {
  make();
  mendModes(HERE, ['shop']);
  const wrong = FOR_ALL.filter((file) => !['run/failed/shop'].includes(file) && modeOf(file) !== '644');
  assert.deepEqual(wrong, []);
  assert.deepEqual(PRIVATE.filter((file) => modeOf(file) !== '600'), []);
  for (const folder of ['state', 'state/.runner', 'state/.runner/595d88301d10', 'state/shop', 'state/shop/generations/1', 'state/shop/rolls', 'run', 'run/failed', 'units/wsgi-app@shop.socket.d']) {
    assert.equal(modeOf(folder), '755', folder);
  }
  for (const folder of ['state/other', 'state/shop/generations/1/code', 'units/wsgi-worker-shop-.service.d', 'units']) assert.equal(modeOf(folder), '700', folder);
});

test('rights are added, and none are taken away', { skip: root }, () => {
  make();
  chmodSync(join(base, 'state/shop/wish'), 0o664);
  chmodSync(join(base, 'state/shop'), 0o2775);
  mendModes(HERE, ['shop']);
  assert.equal(modeOf('state/shop/wish'), '664');
  assert.equal(modeOf('state/shop'), '2775');
});

test('of another root, and of what is not there, nothing is mended', { skip: root }, () => {
  make();
  mendModes({ ...HERE, root: '/nowhere' }, ['shop']);
  mendModes({ ...HERE, mode: 'user' }, ['shop']);
  mendModes(HERE, ['none']);
  assert.equal(modeOf('state/shop'), '700');
  assert.equal(modeOf('state/shop/wish'), '600');
});
