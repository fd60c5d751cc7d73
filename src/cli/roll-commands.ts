import { EXIT, UserError, type ExitCode } from '../errors.js';
import { assertWritable } from '../host/writable.js';
import { appUnit } from '../plan/names.js';
import { complainOf } from './complain-of.js';
import { inWords, lacking } from './lacking.js';
import { refuseIfGone } from './make-generation.js';
import { rollApp } from './roll-command.js';
import { say } from './report.js';
import type { Wire } from './wire.js';

export async function reloadApps(wire: Wire, apps: readonly string[], untilCommit: boolean): Promise<ExitCode> {
  return inTurn(apps, (app) => {
    assertRollable(wire, `reload ${app}`);
    return rollApp(wire, app, 'reload', { untilCommit });
  });
}

export async function startApps(wire: Wire, apps: readonly string[]): Promise<ExitCode> {
  return inTurn(apps, async (app) => {
    const unit = await wire.systemd.unit(appUnit(app));
    if (['active', 'reloading'].includes(unit.active)) {
      const lacks = await lacking(wire, app);
      say(`${app}: ${lacks === null ? 'is running' : inWords(lacks)}`);
      if (lacks === null) return EXIT.done;
    }
    const join = unit.active === 'activating' && unit.sub !== 'auto-restart' && wire.ledger(app).unfinished() !== null;
    return rollApp(wire, app, 'start', { untilCommit: false, join });
  });
}

export async function restartApps(wire: Wire, apps: readonly string[]): Promise<ExitCode> {
  return inTurn(apps, (app) => rollApp(wire, app, 'restart', { untilCommit: false }));
}

/** Rolls to a copy of an earlier generation: the one before the current one, or the given one. */
export async function rollbackApp(wire: Wire, app: string, text: string | undefined, untilCommit: boolean): Promise<ExitCode> {
  assertRollable(wire, `roll back ${app}`);
  const to = rollbackTarget(wire, app, text);
  return rollApp(wire, app, 'reload', { untilCommit, wish: { kind: 'rollback', to } });
}

/** A new generation is written before it is started. Throws UserError. */
function assertRollable({ places }: Wire, what: string): void {
  assertWritable(what, [places.units, places.state]);
}

/** The generation that a rollback goes to. Throws UserError where there is no such one, or it cannot run any more. */
export function rollbackTarget(wire: Wire, app: string, text: string | undefined): number {
  const ledger = wire.ledger(app);
  const current = ledger.current();
  if (current === null) throw new UserError(`${app} has no generation to go back from`, `wsgictl apply ${app}`);
  const whole = ledger.generations().filter((number) => ledger.unitText(number) !== null);
  // One that failed is gone to only if it is named.
  const to = text === undefined ? ledger.served().filter((number) => number !== current && whole.includes(number)).at(-1) ?? 0 : Number(text);
  const generation = whole.includes(to) ? ledger.generation(to) : null;
  if (generation === null) {
    const which = text === undefined ? 'earlier generation' : `generation ${text}`;
    throw new UserError(`${app} has no ${which} to go back to`, `there is ${whole.filter((number) => number !== current).join(', ') || 'none'}`);
  }
  refuseIfGone(generation);
  return to;
}

/** Takes one app after the other, whatever becomes of those before it. Returns the highest exit code. */
export async function inTurn(apps: readonly string[], action: (app: string) => Promise<ExitCode>): Promise<ExitCode> {
  let worst: ExitCode = EXIT.done;
  for (const app of apps) {
    const code = await action(app).catch((error: unknown) => complainOf(app, error));
    worst = Math.max(worst, code) as ExitCode;
  }
  return worst;
}
