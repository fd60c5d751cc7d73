import { EXIT, UserError, type ExitCode } from '../errors.js';
import { appUnit } from '../plan/names.js';
import type { Queued, RollVerb } from '../plan/request.js';
import { last, type RollEvent, type Wish } from '../roll/events.js';
import { Refused } from '../systemd/port.js';
import { follow, notActive } from './follow.js';
import { lastLines } from './journal.js';
import { describe, serves } from './narrate.js';
import { queue, queueRoll, start } from './queue.js';
import { canDraw, complain, say, sayLines } from './report.js';
import { Screen } from './screen.js';
import { giveUpSocket, isShut } from './shut-socket.js';
import type { Wire } from './wire.js';

export interface RollOptions {
  readonly untilCommit: boolean;
  /** What systemd's verb alone cannot say. */
  readonly wish?: Wish;
  /** Follow the roll that is under way, rather than ask for one. */
  readonly join?: boolean;
}

/**
 * Has systemd reload, start or restart an app, and shows what its roll does. Returns the roll's exit code when the roll has
 * ended, or at its commit: 0 where what was asked for is in force, by this roll or by one that has overtaken it.
 * Interrupting this command does not interrupt the roll.
 */
export async function rollApp(wire: Wire, app: string, verb: RollVerb, options: RollOptions): Promise<ExitCode> {
  if (options.join === true || !(await isShut(wire, app))) return followRoll(wire, app, verb, options);
  if (wire.asksRoot) throw new UserError(`cannot ${verb} ${app}: its socket was shut down`, `as root: wsgictl ${verb} ${app}`);
  await giveUpSocket(wire, app);
  return followRoll(wire, app, 'restart', verb === 'reload' ? { wish: NEW, ...options } : options);
}

async function followRoll(wire: Wire, app: string, verb: RollVerb, options: RollOptions): Promise<ExitCode> {
  const { systemd } = wire;
  const wish = options.wish ?? (verb === 'reload' ? NEW : null);
  const unit = appUnit(app);
  const asked = wish?.kind === 'rollback' ? 'roll back' : verb;
  const screen = canDraw() ? new Screen(wire, app) : null;
  const onInterrupt = (): void => {
    screen?.close();
    complain(`${app}: the roll goes on without this command; follow it with: wsgictl logs -f ${app}`);
    process.exit(130);
  };
  process.on('SIGINT', onInterrupt);
  try {
    const answer = await follow({
      ledger: wire.ledger(app),
      systemd,
      unit,
      joins: options.join === true,
      mayBeDropped: verb !== 'restart',
      ask: async () => {
        // If it has just ended, its events say so.
        if (options.join === true) return { job: (await systemd.unit(unit)).job ?? '', request: null };
        return ask(() => request(wire, app, verb, wish), app, asked);
      },
      show: (event) => {
        const line = screen?.take(event) === true ? null : describe(app, event);
        if (line !== null) sayLines(line);
        if (event.kind === 'generation' && wish?.kind === 'made' && event.generation !== wish.generation) {
          say(`${app}: generation ${wish.generation} is overtaken by generation ${event.generation}, which is rolled instead`);
        }
      },
      untilCommit: options.untilCommit,
    });
    if (answer.kind === 'cut-off') {
      complain(`${app}: the roll was cut off: wsgictl status ${app}`);
      return EXIT.cannot;
    }
    if (answer.kind === 'no-roll') {
      if (answer.result === 'invalid') throw notRunning(app, asked);
      const { active, invocation } = await systemd.unit(unit);
      // A start by somebody else is as good as ours.
      if (answer.result === 'done' && wish === null && active === 'active') return EXIT.done;
      complain(`${app}: systemd ended the ${verb} (${answer.result}) before anything was done`);
      for (const line of lastLines(wire.places.mode, unit, invocation, 1)) complain(`    ${line}`);
      return EXIT.cannot;
    }
    if (answer.kind === 'ended') showReason(wire, answer.events);
    else sayWhatServes(wire, app, answer.events);
    return exitFor(app, wish, answer.events, answer.kind === 'ended' ? answer.end.exit : EXIT.done);
  } finally {
    process.removeListener('SIGINT', onInterrupt);
    screen?.close();
  }
}

const NEW: Wish = { kind: 'new' };

/** An account without root can ask for less. */
function request(wire: Wire, app: string, verb: RollVerb, wish: Wish | null): Promise<Queued> {
  if (!wire.asksRoot) return verb === 'start' && wish === null ? start(wire, app) : queueRoll(wire, app, verb, wish);
  return queue(wire, wish?.kind === 'rollback' ? { verb: 'rollback', app, generation: wish.to } : { verb, app });
}

function sayWhatServes(wire: Wire, app: string, events: readonly RollEvent[]): void {
  const generation = wire.ledger(app).generation(last(events, 'commit')?.generation ?? 0);
  if (generation !== null) say(`${app}: ${serves(generation)}`);
}

/**
 * What the roll's exit code is to whoever asked: a newer request may have been there in time. What that made is as good for
 * whoever wanted the newest, but it is no rollback.
 */
function exitFor(app: string, wish: Wish | null, events: readonly RollEvent[], exit: ExitCode): ExitCode {
  const rolled = last(events, 'begin')?.wish;
  if (wish?.kind === 'scale' && exit === EXIT.done && rolled?.kind === 'start') {
    complain(`${app}: another generation serves by now, and has its own number of workers: wsgictl apply ${app}`);
    return EXIT.cannot;
  }
  if (wish?.kind !== 'rollback' || exit !== EXIT.done || (rolled?.kind === 'rollback' && rolled.to === wish.to)) return exit;
  complain(`${app}: this was no rollback to generation ${wish.to}: another request came after it`);
  return EXIT.cannot;
}

function notRunning(app: string, verb: string): UserError {
  return new UserError(`cannot ${verb} ${app}: it is not running`, `wsgictl start ${app}`);
}

async function ask(queued: () => Promise<Queued>, app: string, verb: string): Promise<Queued> {
  try {
    return await queued();
  } catch (error) {
    if (notActive(error)) throw notRunning(app, verb);
    if (error instanceof Refused && error.code === 'NoSuchUnit') {
      throw new UserError(`cannot find ${appUnit(app)}`, `wsgictl apply ${app}`);
    }
    throw error;
  }
}

/** After a failed roll: the last that the worker said. */
function showReason(wire: Wire, events: readonly RollEvent[]): void {
  const failure = last(events, 'failure');
  if (failure?.unit === undefined) return;
  const lines = lastLines(wire.places.mode, failure.unit, failure.invocation ?? '', 15, events[0]?.at);
  if (lines.length === 0) return;
  complain(`the last lines of ${failure.unit}:`);
  for (const line of lines) complain(`    ${line}`);
}
