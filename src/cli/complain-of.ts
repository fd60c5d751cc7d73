import { ConfigError, EXIT, fileTrouble, formatDiagnostic, UserError, type ExitCode } from '../errors.js';
import { BusLost, Refused } from '../systemd/port.js';
import { complain } from './report.js';

/**
 * Prints what went wrong with one app, so that the others have their turn, and returns its exit code. Throws what nobody
 * but us can do anything about: bugs.
 */
export function complainOf(app: string, thrown: unknown): ExitCode {
  const error = fileTrouble(thrown) ?? thrown;
  if (error instanceof ConfigError) {
    for (const diagnostic of error.diagnostics) complain(formatDiagnostic(diagnostic));
    return error.exitCode;
  }
  if (error instanceof UserError) {
    complain(`${app}: ${error.message}`);
    if (error.hint !== undefined) complain(`    ${error.hint}`);
    return error.exitCode;
  }
  if (!(error instanceof Refused || error instanceof BusLost)) throw error;
  complain(`${app}: systemd says: ${error.message}`);
  return EXIT.cannot;
}
