import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { render, SANDBOX_TEMPLATE, STATIC_UNITS, SYSTEM_UNITS } from '../units/render.js';
import { argument, word } from '../units/escape.js';
import { Folder } from './folder.js';
import type { Places } from './places.js';
import { readTemplate } from './templates.js';
import type { UnitDirectory } from './unitdir.js';

const HANDLE = 'wsgi-app@.service';
/** In the state directory; no app can be called so. */
const WRITTEN = '.units';

/** Unit files by name: the text to write, or null for one to remove. */
export type StaticChanges = ReadonlyMap<string, string | null>;

/**
 * What there is to do so that systemd has the units that all apps share: texts to write, unless a package brought them;
 * then, null for those to remove which an installation without the package once wrote, and which would hide the packaged
 * ones for ever.
 */
export function staticChanges(places: Places, units: UnitDirectory): StaticChanges {
  if (!hasPackagedUnits(places)) return new Map([...staticUnits({ ...places, node: nodeOf(places) })].filter(([name, text]) => units.read(name) !== text && !units.isMasked(name)));
  // What somebody edited is not what we wrote, and stays.
  const written = writtenUnits(places);
  const ours = STATIC_UNITS.filter((name) => units.read(name) !== null && digest(units.read(name)) === written[name]);
  return new Map(ours.map((name) => [name, null]));
}

/** Another system may have its own Node.js elsewhere: then the program is run by its first line. */
function nodeOf({ node, root }: Places): string | null {
  return node !== null && root !== '' && new Folder(dirname(node), root).stat(basename(node)) === undefined ? null : node;
}

/** Whether a package brought these units. */
export function hasPackagedUnits({ packagedUnits, root }: Places): boolean {
  return packagedUnits.some((folder) => new Folder(folder, root).has(HANDLE));
}

/** What to do about a unit that hides the package's and runs a program that is gone. Somebody may have edited it. */
export function hidingNotes(places: Places, units: UnitDirectory): string[] {
  const program = /^ExecStart=(?:\S+ )?"?(\/[^" ]+)"?(?: --user)? unit start %i$/m.exec(units.read(HANDLE) ?? '')?.[1];
  if (program === undefined || !hasPackagedUnits(places) || new Folder(dirname(program), places.root).has(basename(program))) return [];
  const path = join(places.units, HANDLE);
  return [`${path} runs ${program}, which is gone, and hides the unit of the package: rm ${path} && systemctl daemon-reload`];
}

/** Does that. Returns whether it changed anything, so that systemd must read its units again. */
export function ensureStaticUnits(places: Places, units: UnitDirectory, changes = staticChanges(places, units)): boolean {
  const written = writtenUnits(places);
  for (const [name, text] of changes) {
    if (text === null) units.remove(name);
    else units.write(name, text);
    if (text === null) delete written[name];
    else written[name] = digest(text);
  }
  if (changes.size > 0) new Folder(places.state, places.root).write(WRITTEN, `${JSON.stringify(written, null, 2)}\n`);
  return changes.size > 0;
}

/** By name, the digests of the units as we wrote them last, whatever version that was. */
function writtenUnits({ state, root }: Places): Record<string, string> {
  try {
    return JSON.parse(new Folder(state, root).read(WRITTEN) ?? '{}') as Record<string, string>;
  } catch {
    return {};
  }
}

function digest(text: string | null): string {
  return createHash('sha256').update(text ?? '').digest('hex');
}

/** The units that all apps share, by name. */
export function staticUnits(places: Pick<Places, 'mode' | 'root' | 'program' | 'node' | 'templates' | 'units'>): Map<string, string> {
  const system = places.mode === 'system';
  const view = {
    system,
    units: word(places.units),
    // systemd's PATH has no ~/.nvm, and may have another node.
    wsgictl: `${places.node === null ? word(places.program) : `${word(places.node)} ${argument(places.program)}`}${system ? '' : ' --user'}`,
    // A user manager has no rights to take away, and refuses much of it.
    sandbox: system ? render(readTemplate(places, SANDBOX_TEMPLATE), {}).trimEnd().split('\n') : [],
  };
  const names = STATIC_UNITS.filter((name) => system || !SYSTEM_UNITS.includes(name));
  return new Map(names.map((name) => [name, render(readTemplate(places, name), view)]));
}
