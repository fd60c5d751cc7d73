import { statSync } from 'node:fs';
import { EXIT, type ExitCode } from '../errors.js';
import { configuredApps, packagedApps } from '../host/inis.js';
import { knownApps } from '../host/ledger.js';
import type { Generation } from '../plan/generation.js';
import { appUnit } from '../plan/names.js';
import { apply } from './apply.js';
import { removeApp } from './remove.js';
import { complain } from './report.js';
import { reloadApps } from './roll-commands.js';
import type { Wire } from './wire.js';

/**
 * What the package's trigger runs when packages have brought, replaced or taken away INI files of apps: new apps are
 * applied, those whose package was unpacked since their generation was made are rolled, those whose file is gone are
 * removed. `new`: only the first. One that fails keeps no other from its turn. Returns the highest exit code.
 */
export async function packagedAppsChanged(wire: Wire, options: { readonly new: boolean }): Promise<ExitCode> {
  const packaged = packagedApps(wire.places);
  const there = packaged.filter((app) => (configuredApps(wire.places) ?? []).includes(app));
  const gone = options.new ? [] : knownApps(wire.stateDirectory).filter((app) => !packaged.includes(app) && cameFromPackage(wire, app));
  let worst: ExitCode = EXIT.done;
  const attempt = async (app: string, action: () => Promise<ExitCode>): Promise<void> => {
    const code = await action().catch((error: unknown) => {
      complain(`${app}: ${(error as Error).message}`);
      return EXIT.cannot;
    });
    worst = Math.max(worst, code) as ExitCode;
  };
  for (const app of gone) await attempt(app, () => removeApp(wire, app, { keepIni: true }));
  for (const app of there) {
    const generation = current(wire, app);
    if (generation === null) await attempt(app, () => apply(wire, [app], { dryRun: false, wait: true }));
    else if (!options.new && unpackedSince(wire, app, generation)) await attempt(app, () => renew(wire, app));
  }
  return worst;
}

/** `apply` sees what the file says, but not that the code was replaced in place. */
async function renew(wire: Wire, app: string): Promise<ExitCode> {
  const before = wire.ledger(app).lastRoll();
  const code = await apply(wire, [app], { dryRun: false, wait: true, replaced: true });
  const { active } = await wire.systemd.unit(appUnit(app));
  if (code !== EXIT.done || active !== 'active' || wire.ledger(app).lastRoll() !== before) return code;
  return reloadApps(wire, [app], false);
}

function current(wire: Wire, app: string): Generation | null {
  const ledger = wire.ledger(app);
  const number = ledger.current();
  return number === null ? null : ledger.generation(number);
}

/**
 * Whether dpkg has put an app's INI file there again since, or changed its folder APP.d, where other packages whose code
 * the app loads leave a file. dpkg gives a file the times that the package says, but it cannot set when it was changed
 * on this machine.
 */
function unpackedSince(wire: Wire, app: string, { createdAt }: Generation): boolean {
  const { packagedApps: folder, root } = wire.places;
  return ['ini', 'd'].some((suffix) => {
    const found = statSync(`${root}${folder}/${app}.${suffix}`, { throwIfNoEntry: false });
    return found !== undefined && found.ctimeMs > Date.parse(createdAt);
  });
}

function cameFromPackage(wire: Wire, app: string): boolean {
  const generation = current(wire, app);
  return generation !== null && (typeof generation.packaged === 'string' || generation.source.startsWith(`${wire.places.packagedApps}/`));
}
