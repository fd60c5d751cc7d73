import { basename, dirname, join } from 'node:path';
import { EXIT, type ExitCode } from '../errors.js';
import { configuredApps, loadIni } from '../host/inis.js';
import { outFolder } from '../host/out.js';
import { staticUnits } from '../host/static-units.js';
import { socketUnit, templateUnit, touchUnit } from '../plan/names.js';
import { say, sayFile } from './report.js';
import type { Wire } from './wire.js';

/** Prints the units of the named apps or INI files, or of all, or writes them into a folder. Needs no systemd. */
export function renderUnits(wire: Wire, names: readonly string[], folder: string | null): ExitCode {
  const files = new Map<string, string>();
  for (const [name, text] of staticUnits(wire.places)) files.set(name, text);
  for (const app of names.length > 0 ? names : (configuredApps(wire.places) ?? [])) {
    const config = loadIni(wire.places, app);
    const generation = (wire.ledger(config.name).current() ?? 0) + 1;
    files.set(templateUnit(config.name, generation), wire.stage(config).unitText);
    const { text } = wire.socket(config);
    if (text !== null) files.set(`${socketUnit(config.name)}.d/10-wsgictl.conf`, text);
    const touch = wire.touch(config);
    if (touch !== null) files.set(touchUnit(config.name), touch);
  }
  for (const [name, text] of files) {
    if (folder === null) sayFile(`# ${name}\n${text}`);
    else {
      outFolder(dirname(join(folder, name)), 0o777 & ~wire.umask).write(basename(name), text, 0o666 & ~wire.umask);
      say(join(folder, name));
    }
  }
  return EXIT.done;
}
