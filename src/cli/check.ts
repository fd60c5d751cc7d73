import { lineOf } from '../config/origin.js';
import { isBelowHome } from '../config/rules.js';
import type { AppConfig } from '../config/settings.js';
import { ConfigError, EXIT, fileTrouble, formatDiagnostic, UserError, type Diagnostic, type ExitCode } from '../errors.js';
import { isPath, readIni } from '../host/inis.js';
import { mendModes } from '../host/modes.js';
import { checkHost } from './app-check.js';
import { clashes } from './clashes.js';
import { checkDropIns } from './drop-in-check.js';
import { checkEnvironment } from './environment-check.js';
import { checkFront } from './front-check.js';
import { allApps } from './leftover.js';
import { notKept } from './narrate.js';
import { assertOpenable } from './openable.js';
import { complain, say, sayNoApps } from './report.js';
import { systemdRuns } from '../systemd/connect.js';
import type { Wire } from './wire.js';

/** Reads the named apps or INI files, or all apps, and says all that is wrong with them. Changes nothing. */
export async function check(wire: Wire, names: readonly string[]): Promise<ExitCode> {
  const apps = names.length > 0 ? names : allApps(wire);
  if (apps.length === 0) sayNoApps(wire.places);
  mendModes(wire.places, apps.filter((app) => !isPath(app)));
  let faulty = false;
  // Of files that are given by their paths, nobody knows whether they will stand beside the others.
  for (const { diagnostic } of clashes(wire).filter(({ guilty, other }) => apps.includes(guilty) || apps.includes(other))) {
    complain(formatDiagnostic(diagnostic));
    faulty = true;
  }
  for (const app of apps) {
    try {
      const { config, diagnostics, foreign: stranger } = readIni(wire.places, app);
      for (const diagnostic of diagnostics) complain(formatDiagnostic(diagnostic));
      if (config === null) {
        faulty = true;
        continue;
      }
      for (const diagnostic of [...checkHost(wire, config), ...checkFront(wire, config)]) complain(formatDiagnostic(diagnostic));
      const staged = wire.stage(config);
      for (const diagnostic of checkDropIns(wire, config, staged)) complain(formatDiagnostic(diagnostic));
      assertOpenable(wire, staged);
      wire.touch(config);
      for (const diagnostic of narrowHome(config, staged.pinned.directory)) complain(formatDiagnostic(diagnostic));
      const { foreign } = staged.pinned;
      if (typeof foreign === 'string') say(`${config.name}: ${notKept(foreign)}`);
      // Whoever wrote the file said as whom, and what: as root, and a Python of his own.
      const reason = unseen(wire) ?? stranger;
      if (reason !== null) {
        say(`${config.name}: the file is fine; its Python was not looked at: ${reason}`);
        continue;
      }
      wire.runner.ensure();
      for (const line of await checkEnvironment(wire, config, staged)) say(`${config.name}: ${line}`);
      say(`${config.name}: fine`);
    } catch (thrown) {
      // What is wrong with one app does not keep the others from being looked at.
      faulty = true;
      const error = fileTrouble(thrown) ?? thrown;
      if (error instanceof UserError) complain(`${app}: ${error.message}${error.hint === undefined ? '' : `; ${error.hint}`}`);
      else if (error instanceof ConfigError) for (const diagnostic of error.diagnostics) complain(formatDiagnostic(diagnostic));
      else throw error;
    }
  }
  return faulty ? EXIT.configuration : EXIT.done;
}

/** Below a home a worker can write where its directory leads, and no further: not what releases share. */
export function narrowHome(config: AppConfig, real: string | null): Diagnostic[] {
  const { directory, sandbox } = config.app;
  if (sandbox !== 'default' || directory === null || real === null || directory === real || !isBelowHome(real)) return [];
  if (config.service.some(({ name }) => /^(ReadWritePaths|ProtectHome)$/u.test(name))) return [];
  return [{
    ...lineOf(config, 'app.directory'), severity: 'warning',
    message: `of what is below a home, the app can write ${real} alone, and not what lies beside it`,
    hint: 'name the folders that it writes to: [service] ReadWritePaths = …',
  }];
}

/** Why the app's environment cannot be looked at from here, or null. */
function unseen(wire: Wire): string | null {
  if (wire.places.root !== '') return 'it is of another root';
  if (wire.places.mode === 'system' && process.getuid?.() !== 0) return 'that needs root';
  if (wire.places.mode === 'system' && !systemdRuns(process.env)) return 'systemd does not run here';
  return null;
}

