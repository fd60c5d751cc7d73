import { EXIT, UserError, type ExitCode } from '../errors.js';
import { appUnit } from '../plan/names.js';
import type { RollVerb } from '../plan/request.js';
import { last, type RollEvent, type Wish } from '../roll/events.js';
import { Refused } from '../systemd/port.js';
import { follow, notActive } from './follow.js';
import { lastLines } from './journal.js';
import { describe } from './narrate.js';
import { queue } from './queue.js';
import { canDraw, complain, sayLines } from './report.js';
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
 * ended, or at its commit. Interrupting this command does not interrupt the roll.
 */
export async function rollApp(wire: Wire, app: string, verb: RollVerb, options: RollOptions): Promise<ExitCode> {
  if (options.join === true || !(await isShut(wire, app))) return followRoll(wire, app, verb, options);
  if (wire.asksRoot) throw new UserError(`cannot ${verb} ${app}: its socket was shut down`, `as root: wsgictl ${verb} ${app}`);
  await giveUpSocket(wire, app);
  return followRoll(wire, app, 'restart', verb === 'reload' ? { wish: { kind: 'new' }, ...options } : options);
}

async function followRoll(wire: Wire, app: string, verb: RollVerb, options: RollOptions): Promise<ExitCode> {
  const { systemd } = wire;
  const { wish } = options;
  const ledger = wire.ledger(app);
  const unit = appUnit(app);
  const asked = wish?.kind === 'rollback' ? 'roll back' : verb;
  const screen = canDraw() ? new Screen(wire, app) : null;
  const onInterrupt = (): void => {
    screen?.close();
    complain(`${app}: the roll goes on without this command; follow it with: wsgictl logs -f ${app}`);
    process.exit(130);
  };
  // What no roll has taken must not come true at the next one.
  const takeBack = async (): Promise<void> => {
    if (wish?.kind === 'rollback') await queue(wire, { verb: 'withdraw', app, generation: wish.to });
    else if (wish !== undefined) ledger.dropWish(wish);
  };
  process.on('SIGINT', onInterrupt);
  try {
    const answer = await follow({
      ledger,
      systemd,
      joins: options.join === true,
      ask: async () => {
        // If it has just ended, its events say so.
        if (options.join === true) return (await systemd.unit(unit)).job ?? '';
        if (wish?.kind === 'rollback' && verb !== 'restart') return ask(() => queue(wire, { verb: 'rollback', app, generation: wish.to }), app, asked);
        if (wish !== undefined) ledger.wish(wish);
        return ask(() => queue(wire, { verb, app }), app, asked);
      },
      show: (event) => {
        const line = screen?.take(event) === true ? null : describe(app, event);
        if (line !== null) sayLines(line);
      },
      untilCommit: options.untilCommit,
    }).catch(async (error: unknown) => {
      await takeBack().catch(() => {});
      throw error;
    });
    if (answer.kind === 'committed') return EXIT.done;
    if (answer.kind === 'ended') {
      showReason(wire, answer.events);
      return answer.end.exit;
    }
    await takeBack();
    if (answer.result === 'done') return EXIT.done;
    if (answer.result === 'invalid') throw notRunning(app, asked);
    complain(`${app}: systemd ended the ${verb} (${answer.result}) before anything was done`);
    const { invocation } = await systemd.unit(unit);
    for (const line of lastLines(wire.places.mode, unit, invocation, 1)) complain(`    ${line}`);
    return EXIT.cannot;
  } finally {
    process.removeListener('SIGINT', onInterrupt);
    screen?.close();
  }
}

function notRunning(app: string, verb: string): UserError {
  return new UserError(`cannot ${verb} ${app}: it is not running`, `wsgictl start ${app}`);
}

async function ask(queued: () => Promise<string>, app: string, verb: string): Promise<string> {
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
