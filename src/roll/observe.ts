import { oneLine } from '../config/visible.js';
import { parseWorker } from '../plan/names.js';
import type { Job, LastEnd, UnitState } from '../systemd/port.js';
import type { Phase, Worker } from './next.js';

/** siginfo_t's si_code of a child's end, as systemd's ExecMainCode gives it. */
const CLD_EXITED = 1;

/** What systemd's own exit statuses of a process that it could not even begin mean: systemd.exec(5). */
const SPAWN_FAILURES: Readonly<Record<number, string>> = {
  200: 'its working directory cannot be entered',
  203: 'its program cannot be run',
  216: 'its group does not exist',
  217: 'its user does not exist',
  226: 'its sandbox could not be set up',
};

/** A request took longer than request-timeout: the worker ends by design, and that is no failure of its release. */
const OVERDUE = 75;

/** Nor is this, and a restart does not help. */
const NO_SOCKET = 78;

/** What the worker runner's exit statuses mean (src/worker/_wsgictl_exits.py). */
const WORKER_FAILURES: Readonly<Record<number, string>> = {
  3: 'could not load the app',
  4: 'found no such callable in the app',
  5: 'failed its warm-up',
  65: 'could not use its gunicorn.conf.py',
  69: 'found no gunicorn',
  71: 'closed its own listening socket',
  76: 'was interrupted',
  77: 'got no secret by which the proxy proves itself',
  [NO_SOCKET]: 'got no socket to listen on',
};

/** Signals by their numbers, from 1 on: the same on all machines that Debian's systemd runs on, but MIPS. */
const SIGNALS = (
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ ' +
  'VTALRM PROF WINCH IO PWR SYS'
).split(' ');
const SIGRTMIN = 34;
const SIGRTMAX = 64;

/** Whether a worker ended since systemd had no socket to give it, or one that was shut down. */
export function lacksSocket({ result, exitStatus }: LastEnd): boolean {
  return result === 'exit-code' && exitStatus === NO_SOCKET;
}

/** The worker behind a unit, or null where the unit is none or is not there any more. */
export function observe(unit: UnitState, job: Job | null): Worker | null {
  const name = parseWorker(unit.name);
  const phase = phaseOf(unit, job);
  if (name === null || phase === null) return null;
  // While it starts, Result is what its last run left. One that leaves unasked may leave because it failed.
  const ended = phase === 'down' || (phase === 'leaving' && job?.type !== 'stop');
  const failure = ended ? failureOf(unit) : null;
  return {
    generation: name.generation, index: name.index, phase, readySince: unit.activeSince, failure, restarts: unit.restarts,
    ...(failure === null ? {} : saidOf(unit)),
  };
}

function phaseOf(unit: UnitState, job: Job | null): Phase | null {
  if (job?.type === 'stop' || unit.active === 'deactivating') return 'leaving';
  if (/^(active|reloading|refreshing)$/.test(unit.active)) return 'ready';
  if (unit.sub.startsWith('auto-restart')) return 'down';
  if (unit.active === 'activating' || job !== null) return 'starting';
  return unit.active === 'failed' ? 'down' : null;
}

/** How a unit's last run failed, in words; null if it did not, or if nobody can tell any more. */
export function failureOf(unit: LastEnd): string | null {
  switch (unit.result) {
    case '':
    case 'success':
      return null;
    case 'exit-code':
      return unit.exitStatus === OVERDUE ? null : exited(unit.exitStatus);
    case 'signal':
    case 'core-dump':
      return unit.exitCode === CLD_EXITED ? exited(unit.exitStatus) : `was ended by ${signalName(unit.exitStatus)}`;
    case 'timeout':
      return 'was not ready within its ready-timeout';
    case 'watchdog':
      return 'did not run any code for so long that its watchdog ended it';
    case 'oom-kill':
      return 'was ended by the kernel for want of memory';
    case 'resources':
      return 'could not be started: a file that its unit names, or memory, is not to be had';
    case 'protocol':
      return 'ended before it was ready';
    default:
      return `failed with result ${unit.result}`;
  }
}

/**
 * Why it failed, as the worker told systemd by STATUS= before it ended: of a failed import, the exception and its place.
 * So the reason is known where no journal is kept, too. What it says while it drains is no reason.
 */
export function saidOf(unit: LastEnd): Pick<Worker, 'said'> {
  const said = oneLine(unit.status);
  return said === '' || /^(draining|interrupted):/u.test(said) ? {} : { said };
}

/** What the worker said that a decision is about, if it is about its failure. */
export function saidWith({ index, reason }: { readonly index: number; readonly reason: string }, generation: number | undefined, workers: readonly Worker[]): Pick<Worker, 'said'> {
  const said = workers.find((one) => one.generation === generation && one.index === index && one.failure === reason)?.said;
  return said === undefined ? {} : { said };
}

/** How a worker failed, with what it said of it. */
export function withSaid(failure: string, { said }: Pick<Worker, 'said'>): string {
  return said === undefined ? failure : `${failure}: ${said}`;
}

function exited(status: number): string {
  const spawn = SPAWN_FAILURES[status];
  if (spawn !== undefined) return `could not be started: ${spawn}`;
  const meaning = WORKER_FAILURES[status];
  return meaning === undefined ? `exited with status ${status}` : `${meaning} (exit status ${status})`;
}

export function signalName(number: number): string {
  if (number >= SIGRTMIN && number <= SIGRTMAX) return number === SIGRTMIN ? 'SIGRTMIN' : `SIGRTMIN+${number - SIGRTMIN}`;
  const name = SIGNALS[number - 1];
  return name === undefined ? `signal ${number}` : `SIG${name}`;
}

/**
 * What became of a worker that was told to stop, from the SubStates that it went through: by then the unit itself is
 * gone. Null: it finished what it had.
 */
export function departure(history: readonly string[]): 'interrupted' | 'killed' | null {
  const stop = history.lastIndexOf('stop-sigterm');
  const since = stop === -1 ? history : history.slice(stop);
  if (since.includes('stop-sigkill') || since.includes('final-sigkill')) return 'killed';
  return since.includes('stop-watchdog') || since.includes('timeout') ? 'interrupted' : null;
}
