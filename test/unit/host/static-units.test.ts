import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { places as findPlaces, type Places } from '../../../src/host/places.js';
import { ensureStaticUnits, hidingNotes } from '../../../src/host/static-units.js';
import { UnitDirectory } from '../../../src/host/unitdir.js';

const TEMPLATES = [fileURLToPath(new URL('../../../../templates', import.meta.url))];
const HANDLE = 'wsgi-app@.service';
let folder = '';
let places: Places;
let units: UnitDirectory;

/** The places of an installation whose program is that file; packaged units are in `folder`/lib. */
const installed = (program: string): Places => ({
  ...findPlaces('system', program, {}), templates: TEMPLATES, packagedUnits: [join(folder, 'lib')], units: join(folder, 'etc'), state: join(folder, 'state'),
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
  // By the Node.js that runs this: systemd's PATH has none of a user's own.
  const reload = /^ExecReload=(\S+) \/opt\/wsgictl\/dist\/wsgictl\.cjs unit reload %i$/m.exec(readFileSync(join(places.units, HANDLE), 'utf8'));
  assert.equal(reload?.[1], process.execPath);
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

test('the units of an earlier version go, too, which were made from other templates', () => {
  const earlier = join(folder, 'earlier');
  mkdirSync(earlier);
  for (const name of readdirSync(TEMPLATES[0] as string)) writeFileSync(join(earlier, name), `${readFileSync(join(TEMPLATES[0] as string, name), 'utf8')}# 0.0\n`);
  ensureStaticUnits({ ...places, templates: [earlier] }, units);
  writeFileSync(join(folder, 'lib', HANDLE), '');
  ensureStaticUnits(installed('/usr/lib/wsgictl/wsgictl.cjs'), units);
  assert.deepEqual(readdirSync(places.units), []);
});

test('a unit that hides the package and runs a program that is gone is named', () => {
  writeFileSync(join(places.units, HANDLE), '[Service]\nExecStart=/gone/node /gone/wsgictl.cjs unit start %i\n');
  assert.deepEqual(hidingNotes(places, units), []);
  writeFileSync(join(folder, 'lib', HANDLE), '');
  assert.match(hidingNotes(places, units).join(), /wsgi-app@\.service runs \/gone\/wsgictl\.cjs, which is gone, and hides the unit of the package: rm /);
  const edited = `[Service]\nExecStart=${process.execPath} unit start %i\n`;
  writeFileSync(join(places.units, HANDLE), edited);
  ensureStaticUnits(places, units);
  assert.deepEqual(hidingNotes(places, units), []);
  assert.equal(readFileSync(join(places.units, HANDLE), 'utf8'), edited);
});

test('in another root, its own Node.js is taken where it has no such one as here', () => {
  mkdirSync(join(folder, 'root'));
  const there: Places = { ...places, root: join(folder, 'root'), units: '/etc/systemd/system', state: '/var/lib/wsgictl', packagedUnits: [] };
  const units = new UnitDirectory(there.units, there.root);
  ensureStaticUnits(there, units);
  assert.match(units.read(HANDLE) ?? '', /^ExecStart=\/opt\/wsgictl\/dist\/wsgictl\.cjs unit start %i$/m);
});
