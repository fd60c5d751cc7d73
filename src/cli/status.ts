import { existsSync } from 'node:fs';
import type { AppConfig } from '../config/settings.js';
import { oneLine } from '../config/visible.js';
import { EXIT, type ExitCode } from '../errors.js';
import { readIfThere } from '../host/files.js';
import { configuredApps, readIni } from '../host/inis.js';
import { knownApps, type Ledger } from '../host/ledger.js';
import { listenersAt } from '../host/listeners.js';
import { missing } from '../host/pin.js';
import { lostTmp } from '../host/private-tmp.js';
import { keptReason } from '../host/reason-file.js';
import type { Generation } from '../plan/generation.js';
import { appUnit, socketUnit, touchUnit, workersOf } from '../plan/names.js';
import { last } from '../roll/events.js';
import { failureOf, observe, withSaid } from '../roll/observe.js';
import { missedAtBoot, saidOfBoot } from './boot.js';
import { unwritable } from '../host/writable.js';
import { broughtFiles, unpackedSince } from '../host/brought.js';
import { unconfigured } from '../host/dpkg.js';
import { hidingNotes } from '../host/static-units.js';
import { allApps } from './leftover.js';
import type { Worker } from '../roll/next.js';
import type { UnitState } from '../systemd/port.js';
import { absent, inWords } from './lacking.js';
import { unopenable } from './openable.js';
import { outdated } from './printed.js';
import { say, sayJson, sayNoApps } from './report.js';
import { isLost } from './shut-socket.js';
import { isSafe } from './socket-move.js';
import { failedMark } from './unit-roll.js';
import type { Wire } from './wire.js';

/** How much of a reason stands in one note, in characters; `--json` has more of it. */
const LONGEST = 200;

export interface WorkerStatus {
  readonly unit: string;
  readonly generation: number;
  readonly index: number;
  readonly phase: string;
  readonly pid: number;
  readonly restarts: number;
  /** What it does while it drains, or how it failed. */
  readonly note: string | null;
}

export interface AppStatus {
  readonly app: string;
  /** Nothing to be done about it. */
  readonly healthy: boolean;
  /** ActiveState of the app's unit and of its socket. */
  readonly active: string;
  readonly socket: string;
  readonly generation: number | null;
  readonly release: string | null;
  readonly wanted: number;
  readonly ready: number;
  readonly workers: readonly WorkerStatus[];
  /** The last roll that failed, until a later one succeeds. */
  readonly failure: FailureStatus | null;
  /** What somebody should know, with the next command. */
  readonly notes: readonly string[];
}

export interface FailureStatus {
  readonly roll: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** What became of it: `worker 1 of generation 8 could not load the app (exit status 3)`. */
  readonly text: string;
  /** What the worker said itself, and the place in its code; null where it left nothing, and for who may not read the journal. */
  readonly reason: string | null;
  readonly place: string | null;
}

/** Shows what serves. Returns 1 if any of the apps needs somebody. */
export async function status(wire: Wire, names: readonly string[], options: { readonly json: boolean }): Promise<ExitCode> {
  const all = [...new Set([...(names.length === 0 ? allApps(wire) : []), ...knownApps(wire.state)])].sort();
  const apps = await Promise.all((names.length === 0 ? all : names).map((app) => appStatus(wire, app)));
  if (options.json) sayJson(apps);
  else if (apps.length === 0) sayNoApps(wire.places);
  else for (const app of apps) show(app);
  return apps.every(({ healthy }) => healthy) ? EXIT.done : EXIT.cannot;
}

export async function appStatus(wire: Wire, app: string): Promise<AppStatus> {
  const { systemd } = wire;
  const ledger = wire.ledger(app);
  const current = ledger.current();
  const record = current === null ? null : ledger.generation(current);
  const [unit, socket, units] = await Promise.all([
    systemd.unit(appUnit(app)), systemd.unit(socketUnit(app)), systemd.list([workersOf(app)]),
  ]);
  const workers: WorkerStatus[] = [];
  for (const listed of units) {
    const { unit: one, job } = await systemd.withJob(listed);
    const worker = observe(one, job);
    if (worker === null) continue;
    const note = worker.phase === 'leaving' ? oneLine(one.status) || null : failedHow(one, worker);
    workers.push({ unit: one.name, generation: worker.generation, index: worker.index, phase: worker.phase, pid: one.mainPid, restarts: one.restarts, note });
  }
  workers.sort((a, b) => a.generation - b.generation || a.index - b.index);
  const wanted = ledger.processes() ?? record?.processes ?? 0;
  const ready = workers.filter(({ phase, generation }) => phase === 'ready' && generation === current).length;

  const problems: string[] = [];
  const notes: string[] = [];
  const failed = failureStatus(ledger);
  const rolling = ['reloading', 'activating'].includes(unit.active) && unit.sub !== 'auto-restart';
  if (ledger.unfinished() !== null) {
    if (rolling) notes.push(`a roll is under way: wsgictl logs -f ${app}`);
    else problems.push(`a roll was cut off and is unfinished: wsgictl reload ${app}`);
  }
  if (failed !== null) problems.push(`the last ${failed.what} failed: ${told(failed.failure)}: wsgictl logs ${app}`);
  const mark = failed === null && !rolling ? readIfThere(failedMark(wire, app)) : null; // each reload begins with one
  if (mark !== null) problems.push(`the last roll failed: ${oneLine(mark.split('\n')[0] ?? '')}: wsgictl logs ${app}`); // and could not be written down
  const unwritten = unwritable(wire.places.state);
  if (unwritten !== null) problems.push(`${wire.places.state} ${unwritten}: nothing new can be rolled`);
  if (ledger.socketMove() !== null) problems.push(`a move of its socket was cut off and is unfinished: wsgictl apply ${app}`);
  const onDemand = socket.unitFileState === 'enabled' || (unit.unitFileState === 'disabled' && socket.active === 'active');
  if (unit.active === 'inactive' && onDemand && socket.active === 'active') notes.push('its first connection starts it');
  else if (current === null) problems.push(`never ran: wsgictl apply ${app}`);
  else if (unit.active === 'inactive') {
    if (unit.unitFileState === 'enabled') problems.push(`is stopped: wsgictl start ${app}`);
  }
  const missed = current === null ? null : await missedAtBoot(wire, app);
  if (missed !== null) problems.push(saidOfBoot(missed));
  if (unit.sub === 'auto-restart' || unit.active === 'failed') problems.push(`does not start; systemd tries again: wsgictl logs ${app}`);
  const atRest = unit.active === 'active' && unit.job === null;
  if (atRest && socket.active !== 'active') problems.push(`its socket was shut down, and nobody can connect: wsgictl restart ${app}`);
  if (atRest && isLost(wire, socket)) problems.push(`systemd has lost its socket, and no worker can be replaced: wsgictl restart ${app}`);
  if (unit.active === 'active' && ready < wanted) {
    const indexes = atRest && current !== null ? absent(current, wanted, workers) : [];
    const stopped = indexes.length === 0 ? '' : `, and ${inWords({ kind: 'workers', indexes })}: wsgictl start ${app}`;
    problems.push(`${ready} of ${wanted} workers are ready${stopped}`);
  }
  for (const path of record === null ? [] : missing(record.needs)) problems.push(`${path} is gone: deploy, then wsgictl apply ${app}`);
  const crashed = workers.filter(({ restarts, phase }) => restarts > 0 && phase !== 'ready');
  for (const worker of crashed) problems.push(`worker ${worker.index} was restarted ${worker.restarts} times${worker.note === null ? '' : `: it ${worker.note}`}`);
  const unsafe = record === null ? null : unopenable(wire, app, record);
  if (unsafe !== null) problems.push(`${unsafe}: wsgictl check ${app}`);
  for (const address of socket.active === 'active' ? socket.listen : []) {
    if (address.startsWith('/') && !isSafe(wire, address)) problems.push(`its socket ${address} is in a folder that another account can write: wsgictl check ${app}`);
    else if (address.startsWith('/') && listenersAt(address).length > 1) problems.push(`another program has taken the path of its socket, ${address}: stop it, then systemctl restart ${socketUnit(app)}`);
    else if (address.startsWith('/') && !existsSync(address)) problems.push(`its socket ${address} is gone, so nobody can connect: systemctl restart ${socketUnit(app)}`);
  }
  const hasTmp = unit.active === 'active' && !/^PrivateTmp=(?!yes$)/m.test(current === null ? '' : (ledger.unitText(current) ?? ''));
  for (const path of hasTmp ? lostTmp(wire.places, app) : []) problems.push(`its private ${path} is gone, and no worker can start: wsgictl reload ${app}`);
  problems.push(...hidingNotes(wire.places, wire.units));
  const unwatched = unit.active === 'active' && wire.units.read(touchUnit(app)) !== null && (await systemd.unit(touchUnit(app))).active !== 'active';
  if (unwatched) problems.push(`a touch is not noticed: systemctl status ${touchUnit(app)}`);
  // What packages brought is not here to stay undone: that a roll was due, and could not be, is for somebody.
  const unpacked = record !== null && unpackedSince(wire.places, app, record);
  const { fault, changed } = changes(wire, app, record);
  if (fault !== null) (unpacked ? problems : notes).push(fault);
  const waits = unpacked ? unconfigured(wire.places.root, broughtFiles(wire.places, app)) : null;
  if (waits !== null) problems.push(`its package ${waits.name} is ${waits.state}: dpkg --configure ${waits.name}`);
  else if (unpacked) notes.push(`its package was unpacked since generation ${current}: wsgictl reload ${app}`);
  notes.push(...changed);

  return {
    app, healthy: problems.length === 0, active: unit.active, socket: socket.active, generation: current,
    release: record?.directory ?? null, wanted, ready, workers, failure: failed?.failure ?? null,
    notes: [...problems, ...notes],
  };
}

function failureStatus(ledger: Ledger): { readonly what: 'start' | 'roll'; readonly failure: FailureStatus } | null {
  const roll = ledger.lastFailed();
  const events = roll === null ? [] : ledger.events(roll);
  const end = last(events, 'end');
  if (roll === null || end === null) return null;
  const { text = null, place = null } = keptReason(ledger, roll) ?? {};
  const failure = { roll, at: new Date(end.at).toISOString(), text: withSaid(end.text.split('\n')[0] as string, end), reason: text, place };
  return { what: last(events, 'begin')?.wish.kind === 'start' ? 'start' : 'roll', failure };
}

function told({ text, reason, place }: FailureStatus): string {
  // A worker that could tell systemd itself has told it already.
  if (reason !== null && text.includes(reason.slice(0, LONGEST))) return text;
  const short = reason !== null && reason.length > LONGEST ? `${reason.slice(0, LONGEST)}…` : reason;
  return `${text}${short === null ? '' : `: ${short}`}${place === null ? '' : ` (${place})`}`;
}

/** How its last run failed, whatever it does now. */
function failedHow(unit: UnitState, worker: Worker): string | null {
  const failure = failureOf(unit);
  return failure === null ? null : withSaid(failure, worker);
}

interface Changes {
  /** Why nothing of it can be applied. */
  readonly fault: string | null;
  readonly changed: readonly string[];
}

/** Whether the INI file or the release moved since the generation was made. */
function changes(wire: Wire, app: string, record: Generation | null): Changes {
  if (record === null) return { fault: null, changed: [] };
  try {
    if (!(configuredApps(wire.places) ?? []).includes(app)) return { fault: null, changed: [`its INI file is gone: wsgictl remove ${app}`] };
    const { config } = readIni(wire.places, app);
    // What this account may not see is not known, and no fault.
    if (config === null && wire.asksRoot) return { fault: null, changed: [] };
    if (config === null) return { fault: `its INI file is faulty: wsgictl check ${app}`, changed: [] };
    const text = wire.ledger(app).unitText(record.number);
    const same = wire.stage(config).unitText === text && wire.socket(config).text === wire.units.socketDropIn(app)
      && wire.touch(config) === wire.units.read(touchUnit(app));
    const old = outdated(wire, config);
    return { fault: null, changed: [...overridden(config), ...(old === null ? [] : [old]), ...(same ? [] : [changedSince(record, app)])] };
  } catch {
    if (wire.asksRoot) return { fault: null, changed: [] };
    return { fault: `its INI file cannot be applied as it is: wsgictl check ${app}`, changed: [] };
  }
}

/** After a rollback, what is applied next is what somebody wanted to leave. */
function changedSince({ number, copyOf }: Generation, app: string): string {
  return copyOf === null ? `changed since generation ${number}: wsgictl apply ${app}`
    : `rolled back to a copy of generation ${copyOf}; its INI file and link say otherwise, and the next apply, reload or touch goes by them`;
}

/** What an administrator's file says otherwise than the one that a package brought. */
function overridden({ file, packaged, lines, credentials, environment, environ, service }: AppConfig): string[] {
  if (packaged === null) return [];
  const own = (line: number): boolean => line <= packaged.after;
  const open = Object.entries({ credentials, environment, environ, service }).flatMap(([section, entries]) =>
    entries.map(({ name, line }): [string, number] => [`${section}.${name}`, line]));
  const settings = Object.entries(lines).map(([setting, [first = 0]]): [string, number] => [setting, first]);
  const given = [...settings, ...open].flatMap(([setting, line]) => (own(line) ? setting : []));
  return given.length === 0 ? [] : [`${given.join(', ')} from ${file}, the rest from ${packaged.file}`];
}

function show(app: AppStatus): void {
  const mark = app.healthy ? '●' : '×';
  const generation = app.generation === null ? 'no generation' : `generation ${app.generation}`;
  say(`${mark} ${app.app}: ${app.active}, ${generation}, ${app.ready} of ${app.wanted} workers ready`);
  if (app.release !== null) say(`    release ${app.release}`);
  for (const worker of app.workers) {
    const restarts = worker.restarts > 0 ? `, restarted ${worker.restarts} times` : '';
    const other = worker.generation === app.generation ? '' : ` (generation ${worker.generation})`;
    say(`    worker ${worker.index}${other}: ${worker.phase}${worker.pid > 0 ? `, pid ${worker.pid}` : ''}${restarts}${worker.note === null ? '' : `, ${worker.note}`}`);
  }
  for (const note of app.notes) say(`    ${note}`);
}
