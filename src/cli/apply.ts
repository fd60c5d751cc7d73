import type { AppConfig } from '../config/settings.js';
import type { Clash } from '../config/clash.js';
import { ConfigError, EXIT, formatDiagnostic, UserError, type ExitCode } from '../errors.js';
import { configuredApps, iniPath, isPath, ownApps, readIni } from '../host/inis.js';
import { knownApps } from '../host/ledger.js';
import { mendModes } from '../host/modes.js';
import { ensureProof } from '../host/proof.js';
import { assertWritable } from '../host/writable.js';
import { ensureStaticUnits, hidingNotes, staticChanges, type StaticChanges } from '../host/static-units.js';
import { appUnit, REQUESTS, socketUnit, TARGET } from '../plan/names.js';
import type { Trusted } from '../host/trust.js';
import { planApp, type Before, type Change, type WantedSocket } from '../plan/plan.js';
import type { Staged } from '../plan/stage.js';
import { checkHost } from './app-check.js';
import { missedAtBoot, saidOfBoot } from './boot.js';
import { activate, activationOf } from './activation.js';
import { clashes } from './clashes.js';
import { complainOf } from './complain-of.js';
import { checkEnvironment } from './environment-check.js';
import { prepareInRoot, removeFromRoot } from './image.js';
import { inWords, lacking, type Lacking } from './lacking.js';
import { giveBack, hasFailed, makeRoom, recordForStart, wishFor, withdraw, type Made } from './made.js';
import { assertOpenable } from './openable.js';
import { outdated } from './printed.js';
import { allApps } from './leftover.js';
import { removeApp, stopApp } from './remove.js';
import { complain, say, sayNoApps } from './report.js';
import { isRetrying } from './queue.js';
import { rollApp } from './roll-command.js';
import { hintAtReload, showChange, showStaticChanges } from './show-plan.js';
import { changeSocket, hasDrifted } from './socket-access.js';
import { assertFree, endMove, listens, moveSocket } from './socket-move.js';
import { rollUnderWay } from './under-way.js';
import { installTouch, removeTouch, startTouch, watching } from './touch.js';
import type { Wire } from './wire.js';

export interface ApplyOptions {
  readonly dryRun: boolean;
  /** Return when the new generation serves; the old one drains by itself. */
  readonly wait: boolean;
  /** Whoever asks knows that code was replaced in place, and does what is to be done about it. */
  readonly replaced?: boolean;
}

interface Applied {
  readonly config: AppConfig;
  readonly staged: Staged;
  readonly socket: WantedSocket;
  readonly change: Change;
  /** What it lacks though it is unchanged. */
  readonly lacks: Lacking | null;
  /** The generation that serves. */
  readonly current: number | null;
  /** The INI file as it was read. */
  readonly text: Trusted;
  /** The generation that the change makes. */
  made: Made | null;
}

/**
 * Makes the apps what their INI files say. Each app is applied by itself: a faulty one is left as it is. Returns the
 * highest exit code of all.
 */
export async function apply(wire: Wire, names: readonly string[], options: ApplyOptions): Promise<ExitCode> {
  const { wanted, gone } = select(wire, names);
  if (!options.dryRun) mendModes(wire.places, wanted);
  const codes: ExitCode[] = [EXIT.done];
  const applied: Applied[] = [];
  const clashing = clashes(wire);
  for (const app of wanted) {
    try {
      refuseClash(app, clashing);
      const readAt = new Date().toISOString();
      const one = await examine(wire, app);
      if (!options.dryRun && wire.places.root === '') one.made = await makeRoom(wire, one.staged, one.text, readAt, one.change);
      applied.push(one);
      if (!options.dryRun && wire.places.root === '' && one.change.kind === 'unchanged') withdraw(wire, app);
      showChange(one.change);
      if (one.lacks !== null) say(`${app}: ${inWords(one.lacks)}`);
      const old = outdated(wire, one.config);
      if (old !== null) say(`${app}: ${old}`);
    } catch (error) {
      codes.push(complainOf(app, error));
    }
  }
  for (const app of gone) say(`${app}: removed, since ${iniPath(wire.places, app)} is gone`);
  const work = applied.filter(({ change, lacks }) => change.kind !== 'unchanged' || lacks !== null);
  const common: StaticChanges = applied.length === 0 || wire.places.root !== '' ? new Map() : staticChanges(wire.places, wire.units);
  showStaticChanges(common, wire.units.path);
  for (const note of hidingNotes(wire.places, wire.units)) complain(note);
  if (work.length === 0 && gone.length === 0 && common.size === 0 && codes.length === 1) {
    if (applied.length === 0) sayNoApps(wire.places);
    else if (options.replaced !== true) hintAtReload(applied.map(({ config }) => config.name));
  }
  if (options.dryRun) return worst(codes);
  if (wire.places.root !== '') {
    for (const { config, socket } of work) codes.push(guarded(config.name, () => prepareInRoot(wire, config, socket.text)));
    for (const app of gone) codes.push(guarded(app, () => removeFromRoot(wire, app)));
    return worst(codes);
  }

  if (work.length > 0 || common.size > 0) assertWritable('apply', [wire.places.units, wire.places.state]);
  const ready = work.length === 0 && common.size === 0 ? [] : await install(wire, work, common, codes);
  for (const one of ready) {
    try {
      codes.push(await bringAbout(wire, one, options));
    } catch (error) {
      codes.push(complainOf(one.config.name, error));
    }
  }
  if (ready.some(({ change }) => change.kind === 'new')) await startTarget(wire);
  for (const app of gone) codes.push(await removeApp(wire, app, { keepIni: true }).catch((error: unknown) => complainOf(app, error)));
  for (const { config, change } of applied) {
    if (change.kind !== 'unchanged') continue;
    await noteIfStopped(wire, config.name);
  }
  return worst(codes);
}

/** Which apps to look at, and which have lost their file. Where the administrator's folder is empty, which may be one that is not mounted, nothing is removed unless it is named. */
function select(wire: Wire, names: readonly string[]): { wanted: readonly string[]; gone: readonly string[] } {
  const path = names.find(isPath);
  if (path !== undefined) {
    throw new UserError(`apply takes names of apps, not files: ${path}`, `put it into ${wire.places.apps} and name the app`, EXIT.usage);
  }
  const configured = configuredApps(wire.places) ?? [];
  const known = knownApps(wire.state);
  const lost = known.filter((app) => !configured.includes(app));
  if (names.length === 0) return { wanted: allApps(wire), gone: ownApps(wire.places).length === 0 ? [] : lost };
  return { wanted: names.filter((app) => !lost.includes(app)), gone: names.filter((app) => lost.includes(app)) };
}

/** Throws ConfigError if the address of an app is another's. One that has its address and has done no wrong goes on. */
function refuseClash(app: string, all: readonly Clash[]): void {
  const own = all.filter(({ guilty, other }) => guilty === app || other === app);
  if (own.length > 0) throw new ConfigError(own.map(({ diagnostic }) => diagnostic));
}

async function examine(wire: Wire, app: string): Promise<Applied> {
  const { config, diagnostics, text } = readIni(wire.places, app);
  if (config === null || text === null) throw new ConfigError(diagnostics);
  for (const diagnostic of [...diagnostics, ...checkHost(wire, config)]) complain(formatDiagnostic(diagnostic));
  const staged = wire.stage(config);
  assertOpenable(wire, staged);
  const ledger = wire.ledger(app);
  const current = ledger.current();
  const generation = current === null ? null : ledger.generation(current);
  const before: Before = {
    generation,
    unitText: current === null ? null : ledger.unitText(current),
    processes: ledger.processes() ?? generation?.processes ?? 0,
    socketText: wire.units.socketDropIn(app),
    touchText: await watching(wire, app),
    listens: current === null || wire.places.root !== '' ? null : await listens(wire, app),
    moving: ledger.socketMove() !== null,
    socketDrifted: current !== null && wire.places.root === '' && (await hasDrifted(wire, app)),
    activation: current === null || wire.places.root !== '' ? null : await activationOf(wire, app),
    ...(await rollUnderWay(wire, app)),
  };
  const socket = wire.socket(config);
  const change = planApp(staged, socket, wire.touch(config), before);
  const lacks = change.kind === 'unchanged' && wire.places.root === '' ? await lacking(wire, app) : null;
  return { config, staged, socket, change, lacks, current, text, made: null };
}

/**
 * What must be there before any job can be queued: checked environments, static units, drop-ins and links of new apps.
 * One daemon-reload for all of them, none if no app is new. Returns the apps that can go on.
 */
async function install(wire: Wire, work: readonly Applied[], common: StaticChanges, codes: ExitCode[]): Promise<Applied[]> {
  wire.runner.ensure();
  wire.runner.keepOnly(wire.unitTexts());
  const ready: Applied[] = [];
  for (const one of work) {
    try {
      if (one.change.kind === 'new') await assertFree(wire, one.config.name, one.socket);
      if (one.config.proxy.proof) ensureProof(wire.places.state, one.config.name);
      if (['new', 'changed'].includes(one.change.kind)) await checkEnvironment(wire, one.config, one.staged);
      ready.push(one);
    } catch (error) {
      if (one.made !== null) giveBack(wire, one.config.name, one.made);
      codes.push(complainOf(one.config.name, error));
    }
  }
  let reload = ensureStaticUnits(wire.places, wire.units, common);
  const watches: string[] = [];
  for (const one of [...ready]) {
    const { config, socket, change } = one;
    try {
      if (change.kind === 'new') {
        wire.ledger(config.name).introduce();
        wire.units.writeSocketDropIn(config.name, socket.text);
      }
      if ((change.kind === 'new' || change.activates === true) && (await activate(wire, config))) reload = true;
      if (await installTouch(wire, config)) watches.push(config.name);
    } catch (error) {
      ready.splice(ready.indexOf(one), 1);
      codes.push(complainOf(config.name, error));
    }
  }
  if (reload || watches.length > 0) await wire.systemd.daemonReload();
  // The target wants it, but that is active already.
  if (common.has(REQUESTS) && (await wire.systemd.unit(TARGET)).active === 'active') await wire.systemd.restart(REQUESTS);
  for (const app of watches) await startTouch(wire, app);
  return ready;
}

async function bringAbout(wire: Wire, one: Applied, options: ApplyOptions): Promise<ExitCode> {
  const { config, change } = one;
  const app = config.name;
  const unit = await wire.systemd.unit(appUnit(app));
  const running = unit.active === 'active' || unit.active === 'reloading';
  const retrying = await isRetrying(wire, unit);
  const untilCommit = !options.wait;

  if (change.kind === 'unchanged') return rollApp(wire, app, one.lacks?.kind === 'socket' ? 'restart' : 'start', { untilCommit });
  if (change.kind === 'under-way') return rollApp(wire, app, running ? 'reload' : 'start', { untilCommit, join: true });
  if (change.kind === 'new') {
    if (config.app.activation === 'on-demand') {
      await wire.systemd.jobResult(await wire.systemd.start(TARGET));
      await wire.systemd.jobResult(await wire.systemd.start(socketUnit(app)));
      if (one.made !== null) recordForStart(wire, one.staged, one.made);
      say(`${app}: its first connection starts it`);
      return EXIT.done;
    }
    const before = wire.ledger(app).lastRoll();
    const code = await rollApp(wire, app, 'start', { untilCommit, wish: wishFor(wire, one.staged, one.made) });
    return code !== EXIT.done && hasFailed(wire, app, before) ? abandon(wire, app, code) : code;
  }
  if (change.socketChanges === true) await changeSocket(wire, app, one.socket);
  // What watches for a touch is another one by now, and nothing else has changed.
  if (change.kind === 'changed' && change.diff.length === 0 && change.processes === null && !change.socketMoves) return EXIT.done;
  if (!running && !retrying) {
    if (change.socketMoves) {
      const code = await moveSocket(wire, app, one.socket);
      if (code !== EXIT.done) return code;
      endMove(wire, app, one.socket);
      if (change.diff.length === 0) {
        if (one.made !== null) giveBack(wire, app, one.made);
        return EXIT.done;
      }
    }
    say(`${app}: is stopped and stays so; the change takes effect when it is started: wsgictl start ${app}`);
    if (one.made === null) wire.ledger(app).wish({ kind: 'new' });
    else recordForStart(wire, one.staged, one.made);
    return EXIT.done;
  }
  if (change.socketMoves) {
    const moved = await moveSocket(wire, app, one.socket);
    if (moved !== EXIT.done) return moved;
    // Those that run hold the old address too, until the last of them is gone.
    const rolled = await rollApp(wire, app, 'start', { untilCommit, wish: wishFor(wire, one.staged, one.made) });
    if (rolled === EXIT.done) endMove(wire, app, one.socket);
    return rolled;
  }
  if (change.kind === 'scaled' && change.processes !== null && running) {
    return rollApp(wire, app, 'reload', { untilCommit, wish: { kind: 'scale', processes: change.processes.to, of: one.current ?? 0 } });
  }
  if (change.kind === 'unfinished') return rollApp(wire, app, 'reload', { untilCommit, wish: { kind: 'start' } });
  return rollApp(wire, app, 'reload', { untilCommit, wish: wishFor(wire, one.staged, one.made) });
}

/** A first release that does not run: nothing of it stays but its INI file. */
async function abandon(wire: Wire, app: string, code: ExitCode): Promise<ExitCode> {
  await stopApp(wire, app);
  await wire.systemd.disable([appUnit(app)]);
  await removeTouch(wire, app);
  await wire.systemd.daemonReload();
  complain(`${app}: nothing was committed; mend it and run: wsgictl apply ${app}`);
  return code === EXIT.cannot ? EXIT.rolledBack : code;
}

async function startTarget(wire: Wire): Promise<void> {
  const target = await wire.systemd.unit(TARGET);
  if (target.active === 'active') return;
  await wire.systemd.jobResult(await wire.systemd.start(TARGET));
}

async function noteIfStopped(wire: Wire, app: string): Promise<void> {
  const missed = await missedAtBoot(wire, app);
  if (missed !== null) say(`${app}: ${saidOfBoot(missed)}`);
  const unit = await wire.systemd.unit(appUnit(app));
  if (unit.active === 'inactive') say(`${app}: is stopped: wsgictl start ${app}`);
}

function guarded(app: string, action: () => void): ExitCode {
  try {
    action();
    return EXIT.done;
  } catch (error) {
    return complainOf(app, error);
  }
}

function worst(codes: readonly ExitCode[]): ExitCode {
  return Math.max(...codes) as ExitCode;
}
