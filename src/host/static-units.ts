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
  const written = [...staticUnits(places)].map(([name, text]) => units.write(name, text));
  return written.includes(true);
}

/** The units that all apps share, by name. A user manager has no proxies to be ordered against. */
export function staticUnits(places: Places): Map<string, string> {
  const view = { system: places.mode === 'system', wsgictl: `${word(places.program)}${places.mode === 'user' ? ' --user' : ''}` };
  const names = STATIC_UNITS.filter((name) => view.system || name !== 'wsgi-app-front.service');
  return new Map(names.map((name) => [name, render(readTemplate(places.templates, name), view)]));
}
