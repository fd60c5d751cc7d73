import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { visible } from '../config/visible.js';
import { ConfigError, EXIT, fileTrouble, UserError, type ExitCode } from '../errors.js';
import { readIni } from '../host/inis.js';
import type { Ledger } from '../host/ledger.js';
import { mendModes } from '../host/modes.js';
import type { RollLog } from '../host/roll-log.js';
import { missing } from '../host/pin.js';
import { mendTmp } from '../host/private-tmp.js';
import { ifTaken, removeIfThere } from '../host/files.js';
import { keepReason } from '../host/reason-file.js';
import { holdLock } from '../host/lock.js';
import type { Generation } from '../plan/generation.js';
import { appUnit, socketUnit, workersOf } from '../plan/names.js';
import { budget } from '../roll/budget.js';
import { last, type NewEvent, type RollEvent, type Wish } from '../roll/events.js';
import { observe } from '../roll/observe.js';
import type { Reason } from '../roll/reason.js';
import { roll, type Ending, type Roll } from '../roll/run.js';
import { BusLost, Refused, type Observed } from '../systemd/port.js';
import { insist } from './insist.js';
import { failureReason } from './journal.js';
import { forgetLeft } from './leave.js';
import { madeFor, provideProof } from './make-generation.js';
import { describe, serves } from './narrate.js';
import { assertStartable } from './openable.js';
import { say, sayLines } from './report.js';
import { takeRequests } from './take.js';
import { takeTouches } from './touch.js';
import { close, closeSocket } from './unit-close.js';
import { monotonic, type Wire } from './wire.js';

/** How long a roll goes on to ask a systemd that does not answer, in ms, where it waits for nothing else. */
const PATIENCE = 60_000;

/** How long another roll of the app, of which systemd knows nothing, may take to end, in s. */
const LOCK_PATIENCE = 10;

/** The mark by which a failed roll makes a reload of the whole target fail. */
export const failedMark = (wire: Wire, app: string): string => join(wire.places.runtime, 'failed', app);

function markFailed(wire: Wire, app: string, text: string): void {
  mkdirSync(join(wire.places.runtime, 'failed'), { recursive: true, mode: 0o755 });
  writeFileSync(failedMark(wire, app), `${text.split('\n').map(visible).join('\n')}\n`);
}

/**
 * ExecStart= and ExecReload= of an app: one roll, to the generation that a request or, without one, the occasion asks
 * for. systemd runs one at a time for each app. Its standard output goes to the journal, its events to the ledger.
 */
export async function runRoll(wire: Wire, app: string, occasion: 'start' | 'reload'): Promise<ExitCode> {
  mendModes(wire.places, [app]);
  const ledger = wire.ledger(app);
  let signalled = false;
  process.on('SIGTERM', () => {
    signalled = true;
    wire.systemd.nudge();
  });
  process.on('SIGINT', () => {}); // Ctrl-C is for whoever watches.

  const own = async (): Promise<Observed> => wire.systemd.withJob(await wire.systemd.unit(appUnit(app)));
  if (ledger.exists() && !(await holdLock(ledger.directory, LOCK_PATIENCE))) {
    say(`${app}: another roll of it is still at work: systemctl status ${appUnit(app)}`);
    return EXIT.cannot;
  }
  const taken = await takeRequests(wire, ledger, occasion);
  if (taken === null) {
    say(`${app}: what was asked for is for the next run`);
    return EXIT.done;
  }
  const { wish, requests } = taken;
  // However this process ends, a reload of the target fails unless it has done what it was to do.
  if (occasion === 'reload') ifTaken(() => markFailed(wire, app, 'its roll was cut off'));
  const from = ledger.current();
  const unfinished = ledger.unfinished();
  const log = ledger.beginRoll(Date.now);
  const write = (event: NewEvent): void => {
    const line = describe(app, log.write(event));
    if (line !== null) sayLines(line);
  };
  if (wish.kind !== 'scale') takeTouches(ledger);
  write({ kind: 'begin', wish, requests: requests.map(({ number }) => number), from, pid: process.pid });
  if (log.lost !== null) sayLines(`${app}: what this roll does is not written down: ${log.lost}`);
  for (const { number } of requests) wire.requests(app).drop(number);
  const ending = await attempt(async () => {
    if (unfinished !== null) write({ kind: 'note', text: cutOff(unfinished, from) });
    for (const path of mendTmp(wire.places, app)) write({ kind: 'note', text: `its private ${path} was gone, and is made again, empty` });
    const spec = await prepare(wire, ledger, wish, from, occasion, write);
    write({ kind: 'generation', generation: spec.generation.number, processes: spec.processes });
    if (wish.kind === 'new' && socketIsToMove(wire, app)) write({ kind: 'note', text: `the socket is to change, which a roll does not: wsgictl apply ${app}` });
    const ending = withMissing(spec.generation, await roll(spec, {
      systemd: wire.systemd,
      write,
      commit: () => {
        ledger.commit(spec.generation.number);
        // It is committed: nothing of this may undo it.
        for (const later of [
          () => ledger.setProcesses(spec.processes === spec.generation.processes ? null : spec.processes),
          () => provideProof(wire, app, ledger.unitText(spec.generation.number) ?? '', true),
        ]) {
          try {
            later();
          } catch (error) {
            write({ kind: 'note', text: (fileTrouble(error) ?? (error as Error)).message });
          }
        }
      },
      now: monotonic,
      // A stop of the whole target has the workers stopped first, and only then tells us.
      stopped: async () => isStopping(await own()),
      told: () => signalled,
      superseded: async () => (await own()).job?.state === 'waiting',
      rescan: () => wire.units.touch(),
    }));
    if (ending.outcome === 'stopped') return { ...ending, text: 'told to stop before its end' };
    return ending.outcome === 'done' ? { ...ending, text: serves(spec.generation) } : ending;
  });
  const told = wish.kind === 'start' ? withoutRollback(ending) : ending;
  const code = await end(wire, ledger, log, write, occasion, occasion === 'reload' ? await withoutSocket(wire, app, told) : told);
  // A start whose new release failed has brought up the old one: to systemd the app is started.
  return occasion === 'start' && ending.outcome === 'rolled-back' && wish.kind !== 'start' && from !== null ? EXIT.done : code;
}

/** systemd says that something was not to be had, and not what: a file of the environment, say. */
function withMissing(generation: Generation, ending: Ending): Ending {
  const gone = ending.exit === EXIT.done ? [] : missing(generation.needs);
  return gone.length === 0 ? ending : { ...ending, text: `${ending.text}; ${gone.join(', ')} ${gone.length > 1 ? 'are' : 'is'} not there` };
}

/** Not every SIGTERM is a stop: a guard of the machine's memory sends one first, and somebody may by `systemctl kill`. */
function isStopping({ unit, job }: Observed): boolean {
  return unit.active === 'deactivating' || ['stop', 'restart'].includes(job?.type ?? '');
}

/** A start of what is committed has nothing to roll back to. */
function withoutRollback(ending: Ending): Ending {
  return ending.outcome === 'rolled-back' ? { ...ending, outcome: 'failed', exit: EXIT.cannot } : ending;
}

/**
 * A new worker that shut its socket down has done so for the old ones too, and they go one after the other. Where systemd
 * has no socket to give, the old ones go on with what they have, but none of them could be replaced.
 */
async function withoutSocket(wire: Wire, app: string, ending: Ending): Promise<Ending> {
  if (ending.exit === EXIT.done) return ending;
  const shut = await insist(async () => (await wire.systemd.unit(socketUnit(app))).active === 'failed', PATIENCE).catch(() => false);
  if (shut) return { ...ending, outcome: 'failed', exit: EXIT.notRolledBack, text: `${ending.text}; the socket was shut down: wsgictl restart ${app}` };
  return ending.noSocket === true ? { ...ending, text: `${ending.text}; systemd has lost the socket, whatever the release: wsgictl restart ${app}` } : ending;
}

/** Whatever goes wrong ends the roll in order. */
async function attempt(body: () => Promise<Ending>): Promise<Ending> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof ConfigError) return { outcome: 'failed', exit: EXIT.configuration, text: error.message };
    if (error instanceof UserError) return { outcome: 'failed', exit: error.exitCode, text: error.message };
    const trouble = fileTrouble(error);
    if (trouble !== null) return { outcome: 'failed', exit: trouble.exitCode, text: trouble.message };
    if (error instanceof Refused || error instanceof BusLost) return { outcome: 'failed', exit: EXIT.cannot, text: `systemd says: ${error.message}` };
    return { outcome: 'failed', exit: EXIT.cannot, text: `bug in wsgictl: ${(error as Error).stack ?? String(error)}` };
  }
}

async function end(
  wire: Wire, ledger: Ledger, log: RollLog, write: (event: NewEvent) => void, occasion: 'start' | 'reload', ending: Ending,
): Promise<ExitCode> {
  const { app } = ledger;
  const failed = ending.exit !== EXIT.done;
  if (ending.outcome !== 'stopped') {
    ifTaken(() => (failed ? markFailed(wire, app, ending.text) : void removeIfThere(failedMark(wire, app))));
  }
  // A touch is for an app that runs; only from now on is it noticed.
  if (occasion === 'start') {
    takeTouches(ledger);
    forgetLeft(wire, app);
  }
  const reason = failed ? reasonOf(wire, ledger.events(log.number)) : null;
  if (reason !== null) keepReason(ledger, log.number, reason);
  // To systemd a stop is no failure; to whoever asked for the roll, it is not done.
  const exit = ending.outcome === 'stopped' ? EXIT.cannot : ending.exit;
  write({ kind: 'end', ...ending, exit, calls: wire.systemd.calls });
  log.close();
  // What comes now decides over nothing.
  try {
    if (ending.outcome === 'stopped') return occasion === 'start' ? await insist(() => stoppedInStart(wire, app), PATIENCE) : ending.exit;
    // The next attempt of systemd's opens another one.
    if (ending.noSocket === true && occasion === 'start') await insist(async () => closeSocket(wire, await wire.systemd.unit(socketUnit(app))), PATIENCE);
    await insist(() => clean(wire, ledger), PATIENCE);
  } catch (error) {
    say(`${app}: not all is cleaned up, which the next roll does: ${(fileTrouble(error) ?? (error as Error)).message}`);
  }
  return ending.exit;
}

/** What the worker said that made a roll fail. */
function reasonOf(wire: Wire, events: readonly RollEvent[]): Reason | null {
  const failure = last(events, 'failure');
  return failure?.unit === undefined ? null : failureReason(wire.places.mode, failure.unit, failure.invocation ?? '');
}

/**
 * A start that was told to stop: if a worker serves already the app counts as started, and ExecStopPost= stops it.
 * Else the workers are stopped here, so that nothing of it is left whichever way systemd goes on.
 */
async function stoppedInStart(wire: Wire, app: string): Promise<ExitCode> {
  const units = await wire.systemd.list([workersOf(app)]);
  if (units.some((unit) => unit.active === 'active')) return EXIT.done;
  const { job } = await wire.systemd.withJob(await wire.systemd.unit(appUnit(app)));
  // With its socket: one that sees a worker end listens again, and the next client's start would cancel the stop.
  if (job?.type === 'stop') await close(wire, app);
  else await wire.systemd.stopAll(units.map((unit) => unit.name));
  return job?.type === 'stop' ? EXIT.done : EXIT.cannot;
}

/** The workers of a roll that was cut off are what this one finds, and go on serving until better ones do. */
function cutOff(events: readonly RollEvent[], current: number | null): string {
  const generation = last(events, 'generation')?.generation ?? null;
  return `the last roll was cut off ${generation !== null && generation === current ? 'after' : 'before'} its commit`;
}

function socketIsToMove(wire: Wire, app: string): boolean {
  const { config } = readIni(wire.places, app);
  return config !== null && wire.socket(config).text !== wire.units.socketDropIn(app);
}

/** What to bring up, and how. */
async function prepare(wire: Wire, ledger: Ledger, wish: Wish, from: number | null, occasion: 'start' | 'reload', write: (event: NewEvent) => void): Promise<Roll> {
  const { app } = ledger;
  const previousRecord = from === null ? null : ledger.generation(from);
  const previous = previousRecord === null ? null : {
    generation: previousRecord.number,
    processes: ledger.processes() ?? previousRecord.processes,
    readyTimeout: previousRecord.readyTimeout,
  };
  const scales = wish.kind === 'scale' && wish.of === from;
  if (wish.kind === 'start' || scales) {
    if (previousRecord === null || previous === null) throw new UserError(`${app} has no committed generation`, `wsgictl apply ${app}`);
    restoreUnitFile(wire, ledger, previousRecord);
    assertStartable(wire, app, previousRecord);
    const processes = scales ? wish.processes : previous.processes;
    return {
      app, generation: previousRecord, processes, budget: { surge: 0, unavailable: 0 }, canary: false, proven: previous.processes,
      previous: occasion === 'start' ? null : previous,
    };
  }
  // What is to be brought back where this fails must be there, though nobody missed it while its workers ran.
  if (previousRecord !== null && ledger.unitText(previousRecord.number) !== null) restoreUnitFile(wire, ledger, previousRecord);
  const { generation, maxSurge, maxUnavailable } = await madeFor(wish, wire, ledger, write);
  // What an apply showed was a number of workers of another generation than the one that serves by now.
  const processes = wish.kind === 'scale' ? wish.processes : generation.processes;
  return { app, generation, processes, budget: budget(processes, maxSurge, maxUnavailable), canary: true, proven: 0, previous };
}

function restoreUnitFile(wire: Wire, ledger: Ledger, generation: Generation): void {
  provideProof(wire, ledger.app, ledger.unitText(generation.number) ?? '');
  if (wire.units.generations(ledger.app).includes(generation.number)) return;
  const text = ledger.unitText(generation.number);
  if (text === null) throw new UserError(`the unit of generation ${generation.number} of ${ledger.app} is lost`, `wsgictl reload ${ledger.app}`);
  wire.units.writeGeneration(ledger.app, generation.number, text);
}

/** Removes the unit files of generations that nobody needs. Last of all: a unit that drains without its file forgets how. */
async function clean(wire: Wire, ledger: Ledger): Promise<void> {
  const current = ledger.current();
  const listed = await wire.systemd.list([workersOf(ledger.app)]);
  const seen = await Promise.all(listed.map((unit) => wire.systemd.withJob(unit)));
  const inUse = seen.flatMap(({ unit, job }) => observe(unit, job)?.generation ?? []);
  for (const generation of wire.units.generations(ledger.app)) {
    if (generation !== current && !inUse.includes(generation)) wire.units.removeGeneration(ledger.app, generation);
  }
  // Where the state takes nothing, that was said before.
  ifTaken(() => ledger.prune(inUse));
}
