import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { place } from '../config/origin.js';
import type { AppConfig } from '../config/settings.js';
import { ConfigError, UserError } from '../errors.js';
import { writeWhole } from '../host/files.js';
import type { Staged } from '../plan/stage.js';
import { failureOf, saidOf } from '../roll/observe.js';
import { lastLines } from './journal.js';
import { passedOver } from './passed-over.js';
import type { Wire } from './wire.js';

/** How long the app's Python may take to say whether it has gunicorn, in ms. Then systemd kills it. */
const PATIENCE = 19_000;

/** How long systemd is waited for, in ms: until the check is over, and until nothing of it is left. */
const DEADLINE = 20_000;
const ENDING = 5_000;

/** The runner's exit status where there is no gunicorn. */
const NO_SERVER = 69;

/**
 * Runs the worker runner's own check in the app's environment: as its user, in its sandbox, with a deadline, by systemd.
 * Root never runs a Python that somebody else may have written. Throws UserError with what it said, and ConfigError if
 * systemd passed over anything of `[service]`.
 */
export async function checkEnvironment(wire: Wire, config: AppConfig, staged: Staged): Promise<string[]> {
  const { systemd, places: { mode, runtimeUnits: folder } } = wire;
  mkdirSync(folder, { recursive: true });
  await clearAway(wire, folder);
  // The worker's own unit, made a oneshot: a runtime unit needs no daemon-reload, and a fresh name no history.
  const name = `wsgi-check-${config.name.replaceAll('-', ':')}:${process.pid}:${startOf('self')}:${Date.now().toString(36)}-0`;
  const unit = `${name}@0.service`;
  const file = join(folder, `${name}@.service`);
  try {
    const text = checkUnit(staged.unitText);
    refusePassedOver(wire, config, text);
    writeWhole(file, text);
    const result = await within(DEADLINE, systemd.start(unit).then((job) => systemd.jobResult(job)));
    const state = await systemd.unit(unit);
    const lines = lastLines(mode, unit, state.invocation, 20);
    if (result === 'done' && state.result === 'success') return lines;
    const hint = state.exitStatus === NO_SERVER ? 'install gunicorn into it: apt install gunicorn, or pip install gunicorn in its virtualenv' : `journalctl -u ${unit} has more`;
    const late = result === null || state.result === 'timeout' ? `it was not done after ${PATIENCE / 1000} s, and was ended` : null;
    const said = [late, saidOf(state).said ?? lines.at(-1) ?? (late === null ? failureOf(state) : null)].filter((one) => one !== null).map((one) => `: ${one}`);
    throw new UserError(`cannot run ${staged.pinned.python} for ${config.name}${said.join('')}`, hint);
  } finally {
    await end(wire, unit, file);
  }
}

/** Nothing of a check stays: its processes are killed, and its unit is forgotten. */
async function end({ systemd }: Wire, unit: string, file: string): Promise<void> {
  await within(ENDING, systemd.stop(unit).then((job) => systemd.jobResult(job))).catch(() => {});
  await systemd.resetFailed(unit).catch(() => {});
  rmSync(file, { force: true });
}

/** Ends what is left of checks whose wsgictl was killed. */
async function clearAway(wire: Wire, folder: string): Promise<void> {
  for (const entry of readdirSync(folder)) {
    const [, name, pid = '', start] = /^(wsgi-check-.+:(\d+):(\d+):[0-9a-z]+-0)@\.service$/.exec(entry) ?? [];
    if (name !== undefined && startOf(pid) !== start) await end(wire, `${name}@0.service`, join(folder, entry));
  }
}

/**
 * When a process was started, in clock ticks since boot: no other one has had its number and that (proc(5), starttime). Null
 * for one that has ended, whether it was waited for or not.
 */
function startOf(pid: string): string | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /su, '').split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

/** What a promise comes to, or null if it takes longer, in ms. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, ms, null)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** systemd runs a unit without the lines that it does not understand: a limit with a slip in it would limit nothing. */
function refusePassedOver(wire: Wire, config: AppConfig, text: string): void {
  if (config.service.length === 0) return;
  const lines = text.split('\n');
  const diagnostics = passedOver(wire.places, text).flatMap(({ line, message }) => {
    const setting = config.service.find(({ name, value }) => `${name}=${value}` === lines[line - 1]);
    if (setting === undefined) return [];
    // Behind that it repeats the value, which may be a secret.
    const [what] = message.split(/, ignoring/);
    return [{ ...place(config, setting.line), message: `systemd does not take this ${setting.name}: ${what}`, severity: 'error' as const }];
  });
  if (diagnostics.length > 0) throw new ConfigError(diagnostics);
}

/**
 * Of the worker's unit all that makes the environment, and nothing of its socket, its stop and its restarts: it is killed
 * where it takes too long, whatever it wants. In a slice that there is: systemd would make one for it, and keep that for ever.
 */
function checkUnit(workerText: string): string {
  const dropped = /^(Type|NotifyAccess|Sockets|Slice|Restart\w*|Timeout\w+|Watchdog\w+|Kill\w+|FinalKill\w+|Send\w+|SourcePath|JoinsNamespaceOf|CollectMode|Before|After|Wants)=|^BindReadOnlyPaths=.*\/generations\/%j\/code:|^LoadCredential=wsgictl-proof:/;
  const kept = workerText.split('\n').filter((line) => !dropped.test(line));
  const own = ['Type=oneshot', 'NotifyAccess=main', 'RemainAfterExit=yes', `TimeoutStartSec=${PATIENCE / 1000}s`, 'KillSignal=SIGKILL', 'TimeoutStopSec=1s', 'Slice=wsgi.slice'];
  const text = kept.join('\n').replace('\nExecStart=', `\n${own.join('\n')}\nExecStart=`);
  return text.replace('--generation=%j', '--check --generation=%j');
}
