import { EXIT, type ExitCode } from '../errors.js';
import { Folder } from '../host/folder.js';
import { broughtFiles, unpackedSince } from '../host/brought.js';
import { unconfigured } from '../host/dpkg.js';
import { configuredApps, packagedApps } from '../host/inis.js';
import { knownApps } from '../host/ledger.js';
import type { Generation } from '../plan/generation.js';
import { appUnit } from '../plan/names.js';
import { apply } from './apply.js';
import { removeFromRoot } from './image.js';
import { leaveStopped, returnApp } from './leave.js';
import { removeApp } from './remove.js';
import { complainLines, say } from './report.js';
import { reloadApps } from './roll-commands.js';
import type { Wire } from './wire.js';

/**
 * What the package's trigger runs when packages have brought, replaced or taken away INI files of apps: new apps are
 * applied, those whose package was unpacked since their generation was made are rolled, those whose file is gone are
 * removed, and those that prerm stopped but are there go on. What belongs to a package that is not configured is left
 * alone. One that fails keeps no other from its turn. `goneOnly`: looks at the last kind alone. Returns the highest exit
 * code.
 */
export async function packagedAppsChanged(wire: Wire, goneOnly: boolean): Promise<ExitCode> {
  const packaged = packagedApps(wire.places);
  const there = packaged.filter((app) => (configuredApps(wire.places) ?? []).includes(app));
  const gone = knownApps(wire.state).filter((app) => !packaged.includes(app) && cameFromPackage(wire, app));
  let worst: ExitCode = EXIT.done;
  const attempt = async (app: string, action: () => Promise<ExitCode>): Promise<void> => {
    const code = await action().catch((error: unknown) => {
      complainLines(`${app}: ${(error as Error).message}`);
      return EXIT.cannot;
    });
    worst = Math.max(worst, code) as ExitCode;
  };
  for (const app of gone) await attempt(app, async () => remove(wire, app));
  for (const app of goneOnly ? [] : there) {
    const generation = current(wire, app);
    const isUnpacked = generation === null || unpackedSince(wire.places, app, generation);
    const waits = isUnpacked ? unconfigured(wire.places.root, broughtFiles(wire.places, app)) : null;
    if (waits !== null) {
      say(`${app}: its package ${waits.name} is ${waits.state}, so nothing is done yet: dpkg --configure ${waits.name}`);
      continue;
    }
    if (generation === null) await attempt(app, () => apply(wire, [app], { dryRun: false, wait: true }));
    else if (isUnpacked) await attempt(app, () => renew(wire, app));
    await attempt(app, () => goOn(wire, app));
  }
  return worst;
}

async function goOn(wire: Wire, app: string): Promise<ExitCode> {
  if (wire.places.root === '') return returnApp(wire, app);
  leaveStopped(wire, app);
  return EXIT.done;
}

async function remove(wire: Wire, app: string): Promise<ExitCode> {
  if (wire.places.root === '') return removeApp(wire, app, { keepIni: true });
  removeFromRoot(wire, app);
  return EXIT.done;
}

/** `apply` sees what the file says, but not that the code was replaced in place: that is told to a reload, or to the next start. */
async function renew(wire: Wire, app: string): Promise<ExitCode> {
  const before = wire.ledger(app).lastRoll();
  const code = await apply(wire, [app], { dryRun: false, wait: true, replaced: true });
  if (code !== EXIT.done || wire.ledger(app).lastRoll() !== before) return code;
  const runs = wire.places.root === '' && (await wire.systemd.unit(appUnit(app))).active === 'active';
  if (runs) return reloadApps(wire, [app], false);
  wire.ledger(app).wish({ kind: 'new' });
  return code;
}

function current(wire: Wire, app: string): Generation | null {
  const ledger = wire.ledger(app);
  const number = ledger.current();
  return number === null ? null : ledger.generation(number);
}

/** By the last generation that it had, served or not. One that never had any has no file of an administrator to go by. */
function cameFromPackage(wire: Wire, app: string): boolean {
  const ledger = wire.ledger(app);
  const generation = current(wire, app) ?? ledger.generation(ledger.generations().at(-1) ?? 0);
  if (generation === null) return !new Folder(wire.places.apps, wire.places.root).has(`${app}.ini`);
  return typeof generation.packaged === 'string' || generation.source.startsWith(`${wire.places.packagedApps}/`);
}
