import { render, SANDBOX_TEMPLATE, STATIC_UNITS, SYSTEM_UNITS } from '../units/render.js';
import { word } from '../units/escape.js';
import { Folder } from './folder.js';
import type { Places } from './places.js';
import { readTemplate } from './templates.js';
import type { UnitDirectory } from './unitdir.js';

/** Unit files by name: the text to write, or null for one to remove. */
export type StaticChanges = ReadonlyMap<string, string | null>;

/**
 * What there is to do so that systemd has the units that all apps share: texts to write, unless a package brought them;
 * then, null for those to remove which an installation without the package once wrote, and which would hide the packaged
 * ones for ever.
 */
export function staticChanges(places: Places, units: UnitDirectory): StaticChanges {
  const packaged = places.packagedUnits.some((folder) => new Folder(folder, places.root).has('wsgi-app@.service'));
  if (!packaged) return new Map([...staticUnits(places)].filter(([name, text]) => units.read(name) !== text && !units.isMasked(name)));
  const handle = units.read('wsgi-app@.service') ?? '';
  const program = /^ExecStart=(.+?)(?: --user)? unit start %i$/m.exec(handle)?.[1];
  if (program === undefined) return new Map();
  // What somebody edited is not what we wrote, and stays.
  const ours = [...staticUnits({ ...places, program })].filter(([name, text]) => units.read(name) === text);
  return new Map(ours.map(([name]) => [name, null]));
}

/** Does that. Returns whether it changed anything, so that systemd must read its units again. */
export function ensureStaticUnits(places: Places, units: UnitDirectory, changes = staticChanges(places, units)): boolean {
  for (const [name, text] of changes) {
    if (text === null) units.remove(name);
    else units.write(name, text);
  }
  return changes.size > 0;
}

/** The units that all apps share, by name. */
export function staticUnits(places: Pick<Places, 'mode' | 'root' | 'program' | 'templates' | 'units'>): Map<string, string> {
  const system = places.mode === 'system';
  const view = {
    system,
    units: word(places.units),
    wsgictl: `${word(places.program)}${system ? '' : ' --user'}`,
    // A user manager has no rights to take away, and refuses much of it.
    sandbox: system ? render(readTemplate(places, SANDBOX_TEMPLATE), {}).trimEnd().split('\n') : [],
  };
  const names = STATIC_UNITS.filter((name) => system || !SYSTEM_UNITS.includes(name));
  return new Map(names.map((name) => [name, render(readTemplate(places, name), view)]));
}
