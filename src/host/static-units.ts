import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { render, STATIC_UNITS } from '../units/render.js';
import { word } from '../units/escape.js';
import type { Places } from './places.js';
import { readTemplate } from './templates.js';
import type { UnitDirectory } from './unitdir.js';

/**
 * Writes the units that all apps share, unless a package brought them. Returns whether that changed anything, so that
 * systemd must read its units again.
 */
export function ensureStaticUnits(places: Places, units: UnitDirectory): boolean {
  const packaged = places.packagedUnits.some((folder) => existsSync(join(places.root + folder, 'wsgi-app@.service')));
  if (packaged) return false;
  const view = { system: places.mode === 'system', wsgictl: `${word(places.program)}${places.mode === 'user' ? ' --user' : ''}` };
  const written = STATIC_UNITS.map((name) => units.write(name, render(readTemplate(places.templates, name), view)));
  return written.includes(true);
}
