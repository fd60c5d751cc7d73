import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { render, STATIC_UNITS } from '../units/render.js';
import { word } from '../units/escape.js';
import { readIfThere } from './files.js';
import type { Places } from './places.js';
import { readTemplate } from './templates.js';
import type { UnitDirectory } from './unitdir.js';

/**
 * Writes the units that all apps share, unless a package brought them; then those that an installation without the
 * package once wrote are removed, which would hide the packaged ones for ever. Returns whether that changed anything,
 * so that systemd must read its units again.
 */
export function ensureStaticUnits(places: Places, units: UnitDirectory): boolean {
  const packaged = places.packagedUnits.some((folder) => existsSync(join(places.root + folder, 'wsgi-app@.service')));
  if (packaged) return removeWritten(places, units);
  const written = [...staticUnits(places)].map(([name, text]) => units.write(name, text));
  return written.includes(true);
}

/** What somebody edited is not what we wrote, and stays. */
function removeWritten(places: Places, units: UnitDirectory): boolean {
  const handle = readIfThere(join(units.path, 'wsgi-app@.service')) ?? '';
  const program = /^ExecStart=(.+?)(?: --user)? unit start %i$/m.exec(handle)?.[1];
  if (program === undefined) return false;
  const ours = [...staticUnits({ ...places, program })].filter(([name, text]) => readIfThere(join(units.path, name)) === text);
  return ours.map(([name]) => units.remove(name)).includes(true);
}

/** The units that all apps share, by name. A user manager has no proxies to be ordered against. */
export function staticUnits(places: Pick<Places, 'mode' | 'program' | 'templates'>): Map<string, string> {
  const view = { system: places.mode === 'system', wsgictl: `${word(places.program)}${places.mode === 'user' ? ' --user' : ''}` };
  const names = STATIC_UNITS.filter((name) => view.system || name !== 'wsgi-app-front.service');
  return new Map(names.map((name) => [name, render(readTemplate(places.templates, name), view)]));
}
