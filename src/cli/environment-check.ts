import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { place } from '../config/origin.js';
import type { AppConfig } from '../config/settings.js';
import { ConfigError, UserError } from '../errors.js';
import { writeWhole } from '../host/files.js';
import type { Staged } from '../plan/stage.js';
import { failureOf } from '../roll/observe.js';
import { complaintsAbout, lastLines } from './journal.js';
import type { Wire } from './wire.js';

/** How long the app's Python may take to say whether it has gunicorn, in ms. */
const DEADLINE = 20_000;

/** The runner's exit status where there is no gunicorn. */
const NO_SERVER = 69;

/**
 * Runs the worker runner's own check in the app's environment: as its user, in its sandbox, with a deadline, by systemd.
 * Root never runs a Python that somebody else may have written. Throws UserError with what it said, and ConfigError if
 * systemd passed over anything of `[service]`.
 */
export async function checkEnvironment(wire: Wire, config: AppConfig, staged: Staged): Promise<string[]> {
  // The worker's own unit, made a oneshot: a runtime unit needs no daemon-reload, and a fresh name no history.
  const name = `wsgi-check-${config.name.replaceAll('-', ':')}:${process.pid}:${Date.now().toString(36)}-0`;
  const unit = `${name}@0.service`;
  const folder = wire.places.mode === 'system' ? '/run/systemd/system' : `${process.env['XDG_RUNTIME_DIR']}/systemd/user`;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}@.service`);
  try {
    const text = checkUnit(staged.unitText);
    writeWhole(file, text);
    const job = await wire.systemd.start(unit);
    const result = await wire.systemd.jobResult(job);
    const state = await wire.systemd.unit(unit);
    refusePassedOver(config, file, text);
    const lines = lastLines(unit, state.invocation, 20);
    if (result === 'done' && state.result === 'success') return lines;
    const why = lines.at(-1) ?? failureOf(state);
    const said = why === null ? '' : `: ${why}`;
    const hint = state.exitStatus === NO_SERVER ? 'install gunicorn into it: apt install gunicorn, or pip install gunicorn in its virtualenv' : `journalctl -u ${unit} has more`;
    throw new UserError(`cannot run ${staged.pinned.python} for ${config.name}${said}`, hint);
  } finally {
    await wire.systemd.stop(unit).then((job) => wire.systemd.jobResult(job)).catch(() => {});
    await wire.systemd.resetFailed(unit).catch(() => {});
    rmSync(file, { force: true });
  }
}

/** systemd runs a unit without the lines that it does not understand: a limit with a slip in it would limit nothing. */
function refusePassedOver(config: AppConfig, file: string, text: string): void {
  const lines = text.split('\n');
  const diagnostics = complaintsAbout(file).flatMap(({ line, message }) => {
    const setting = config.service.find(({ name, value }) => `${name}=${value}` === lines[line - 1]);
    if (setting === undefined) return [];
    // Behind that it repeats the value, which may be a secret.
    const [what] = message.split(/, ignoring/);
    return [{ ...place(config, setting.line), message: `systemd does not take this ${setting.name}: ${what}`, severity: 'error' as const }];
  });
  if (diagnostics.length > 0) throw new ConfigError(diagnostics);
}

/**
 * Of the worker's unit all that makes the environment, and nothing of its socket, its stop and its restarts.
 * In a slice that there is: systemd would make one for it, and keep that for ever.
 */
function checkUnit(workerText: string): string {
  const dropped = /^(Type|Sockets|Slice|Restart\w*|Timeout\w+|Watchdog\w+|Kill\w+|SourcePath|JoinsNamespaceOf|CollectMode|Before)=|^BindReadOnlyPaths=.*\/generations\/%j\/code:/;
  const kept = workerText.split('\n').filter((line) => !dropped.test(line));
  const text = kept.join('\n').replace('\nExecStart=', `\nType=oneshot\nRemainAfterExit=yes\nTimeoutStartSec=${DEADLINE / 1000}s\nSlice=wsgi.slice\nExecStart=`);
  return text.replace('--generation=%j', '--check --generation=%j');
}
