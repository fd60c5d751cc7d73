import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { broughtFiles, broughtNow, unpackedSince } from '../../../src/host/brought.js';
import { unconfigured } from '../../../src/host/dpkg.js';
import { places as findPlaces, type Places } from '../../../src/host/places.js';
import type { Brought, Generation } from '../../../src/plan/generation.js';

const SETTINGS = '[app]\nmodule = blog.wsgi\nuser = blog\n';
let folder = '';
let places: Places;
const file = (name: string): string => join(folder, name);
const now = (): Brought | null => broughtNow(places, 'blog', null);
/** One that was made when all that is there was. */
const made = (brought: Brought | null): Generation => ({ createdAt: new Date(Date.now() + 60_000).toISOString(), brought }) as Generation;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wsgictl-brought-'));
  places = { ...findPlaces('system', '/usr/lib/wsgictl/wsgictl.cjs', {}), packagedApps: folder };
  writeFileSync(file('blog.ini'), SETTINGS);
});
afterEach(() => rmSync(folder, { recursive: true }));

test('what packages brought is the same until one of the files is another one, by its size, its time or, of settings, what it says', () => {
  const before = now();
  assert.deepEqual(now(), before);
  utimesSync(file('blog.ini'), 5, 5);
  const dated = now();
  assert.notDeepEqual(dated, before);
  // As an image that has no times.
  writeFileSync(file('blog.ini'), SETTINGS.replace('user = blog', 'user = glob'));
  utimesSync(file('blog.ini'), 5, 5);
  assert.notDeepEqual(now(), dated);
  rmSync(file('blog.ini'));
  assert.equal(now(), null, 'no package brings it');
});

test('a plugin that comes or goes is noticed, also the last one, with whom its folder goes', () => {
  const without = now();
  assert.equal(unpackedSince(places, 'blog', made(without)), false);
  mkdirSync(file('blog.d'));
  writeFileSync(file('blog.d/blog-tags'), '');
  writeFileSync(file('blog.d/README.txt~'), '');
  const plugged = now();
  assert.deepEqual(plugged?.marks, ['blog-tags']);
  assert.deepEqual(broughtFiles(places, 'blog'), [file('blog.ini'), file('blog.d/blog-tags')]);
  assert.equal(unpackedSince(places, 'blog', made(plugged)), false);
  assert.equal(unpackedSince(places, 'blog', made(without)), true);
  rmSync(file('blog.d'), { recursive: true });
  assert.equal(unpackedSince(places, 'blog', made(plugged)), true);
  assert.equal(unpackedSince(places, 'blog', { createdAt: made(null).createdAt } as Generation), false, 'a record of an earlier version');
});

test('what no package has brought waits for none', () => {
  assert.equal(unconfigured('', [file('blog.ini')]), null);
  assert.equal(unconfigured(folder, ['/usr/bin/dpkg']), null);
});
