import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { configuredApps, loadIni, removeIni } from '../../../src/host/inis.js';
import { places as findPlaces, type Places } from '../../../src/host/places.js';

let folder = '';
let places: Places;

const own = (app: string): string => join(places.apps, `${app}.ini`);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wsgictl-inis-'));
  places = { ...findPlaces('system', '/usr/lib/wsgictl/wsgictl.cjs', {}), apps: join(folder, 'etc'), packagedApps: join(folder, 'usr') };
  for (const name of ['etc', 'usr']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'usr/blog.ini'), '[app]\nmodule = blog.wsgi\nuser = blog\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a packaged app is there by itself, or with an administrator's changes", () => {
  assert.deepEqual(configuredApps(places), ['blog']);
  assert.equal(loadIni(places, 'blog').workers.processes, 2);
  writeFileSync(own('blog'), '[workers]\nprocesses = 5\n');
  const { app, workers } = loadIni(places, 'blog');
  assert.deepEqual([app.module, workers.processes], ['blog.wsgi:application', 5]);
});

test('who removes a packaged app masks it, and the mask outlives the package', () => {
  removeIni(places, 'blog');
  assert.deepEqual(configuredApps(places), []);
  assert.throws(() => loadIni(places, 'blog'), /the packaged app blog is masked/);
  rmSync(join(folder, 'usr/blog.ini'));
  assert.deepEqual(configuredApps(places), []);
});

test('an empty file masks a packaged app, and is a fault where there is none', () => {
  writeFileSync(own('blog'), '');
  writeFileSync(own('shop'), '');
  assert.deepEqual(configuredApps(places), ['shop']);
  assert.throws(() => loadIni(places, 'shop'), /the file holds no settings/);
});

test("an administrator's own app is removed with its file", () => {
  symlinkSync('/dev/null', own('gone'));
  writeFileSync(own('shop'), '[app]\nmodule = shop.wsgi\nuser = shop\n');
  assert.deepEqual(configuredApps(places), ['blog', 'shop']);
  removeIni(places, 'shop');
  assert.deepEqual(configuredApps(places), ['blog']);
});

test('in another root, which has no devices, a link to /dev/null is a mask, too', () => {
  const other: Places = { ...places, root: folder, apps: '/etc', packagedApps: '/usr' };
  assert.deepEqual(configuredApps(other), ['blog']);
  removeIni(places, 'blog');
  assert.deepEqual(configuredApps(other), []);
  assert.throws(() => loadIni(other, 'blog'), /the packaged app blog is masked/);
});
