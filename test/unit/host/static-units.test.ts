import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { places as findPlaces, type Places } from '../../../src/host/places.js';
import { ensureStaticUnits } from '../../../src/host/static-units.js';
import { UnitDirectory } from '../../../src/host/unitdir.js';

const TEMPLATES = [fileURLToPath(new URL('../../../../templates', import.meta.url))];
const HANDLE = 'wsgi-app@.service';
let folder = '';
let places: Places;
let units: UnitDirectory;

/** The places of an installation whose program is that file; packaged units are in `folder`/lib. */
const installed = (program: string): Places => ({
  ...findPlaces('system', program, {}), templates: TEMPLATES, packagedUnits: [join(folder, 'lib')], units: join(folder, 'etc'),
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wsgictl-units-'));
  for (const name of ['etc', 'lib']) mkdirSync(join(folder, name));
  places = installed('/opt/wsgictl/dist/wsgictl.cjs');
  units = new UnitDirectory(places.units);
});
afterEach(() => rmSync(folder, { recursive: true }));

test('without a package the shared units are written once', () => {
  assert.equal(ensureStaticUnits(places, units), true);
  assert.match(readFileSync(join(places.units, HANDLE), 'utf8'), /^ExecReload=\/opt\/wsgictl\/dist\/wsgictl\.cjs unit reload %i$/m);
  assert.equal(ensureStaticUnits(places, units), false);
});

test('with the package they are not written, and those of an installation before it go: they would hide its own', () => {
  ensureStaticUnits(places, units);
  writeFileSync(join(folder, 'lib', HANDLE), '');
  const packaged = installed('/usr/lib/wsgictl/wsgictl.cjs');
  assert.equal(ensureStaticUnits(packaged, units), true);
  assert.deepEqual(readdirSync(places.units), []);
  assert.equal(ensureStaticUnits(packaged, units), false);
});

test('what somebody edited stays', () => {
  ensureStaticUnits(places, units);
  writeFileSync(join(places.units, 'wsgi-app@.socket'), '[Socket]\nListenStream=%t/wsgi/%i.sock\nBacklog=9\n');
  writeFileSync(join(folder, 'lib', HANDLE), '');
  ensureStaticUnits(installed('/usr/lib/wsgictl/wsgictl.cjs'), units);
  assert.deepEqual(readdirSync(places.units), ['wsgi-app@.socket']);
});
