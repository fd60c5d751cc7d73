import { EXIT, UserError, type ExitCode } from '../errors.js';
import { assertWritable } from '../host/writable.js';
import { appUnit } from '../plan/names.js';
import { refuseIfGone } from './unit-roll.js';
import { inWords, lacking } from './lacking.js';
import { isRetrying } from './queue.js';
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
    return rollApp(wire, app, 'start', { untilCommit: false });
  });
}

export async function restartApps(wire: Wire, apps: readonly string[]): Promise<ExitCode> {
  return inTurn(apps, (app) => rollApp(wire, app, 'restart', { untilCommit: false }));
}

/** Rolls to a copy of an earlier generation: the one before the current one, or the given one. */
export async function rollbackApp(wire: Wire, app: string, text: string | undefined, untilCommit: boolean): Promise<ExitCode> {
  assertRollable(wire, `roll back ${app}`);
  const to = rollbackTarget(wire, app, text);
  const verb = (await isRetrying(wire, await wire.systemd.unit(appUnit(app)))) ? 'start' : 'reload';
  return rollApp(wire, app, verb, { untilCommit, wish: { kind: 'rollback', to } });
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
  const committed = ledger.generations().filter((number) => ledger.unitText(number) !== null);
  const to = text === undefined ? before(wire, app, current, committed) : Number(text);
  const generation = committed.includes(to) ? ledger.generation(to) : null;
  if (generation === null) {
    throw new UserError(`${app} has no generation ${text ?? ''} to go back to`, `there is ${committed.filter((number) => number !== current).join(', ') || 'none'}`);
  }
  refuseIfGone(generation);
  return to;
}

/** The last generation that served before the current one: a failed one never did. */
function before(wire: Wire, app: string, current: number, committed: readonly number[]): number {
  const ledger = wire.ledger(app);
  const served = ledger.rolls().flatMap((roll) => ledger.events(roll).flatMap((event) => (event.kind === 'commit' ? [event.generation] : [])));
  return served.reverse().find((number) => number !== current && committed.includes(number)) ?? 0;
}

async function inTurn(apps: readonly string[], action: (app: string) => Promise<ExitCode>): Promise<ExitCode> {
  let worst: ExitCode = EXIT.done;
  for (const app of apps) worst = Math.max(worst, await action(app)) as ExitCode;
  return worst;
}

