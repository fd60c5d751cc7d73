import { constants } from 'node:os';
import { parseWorker } from '../plan/names.js';
import type { Job, UnitState } from '../systemd/port.js';
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

/** The worker behind a unit, or null where the unit is none or is not there any more. */
export function observe(unit: UnitState, job: Job | null): Worker | null {
  const name = parseWorker(unit.name);
  const phase = phaseOf(unit, job);
  if (name === null || phase === null) return null;
  const failure = phase === 'ready' || phase === 'leaving' ? null : failureOf(unit);
  return { generation: name.generation, index: name.index, phase, readySince: unit.activeSince, failure };
}

function phaseOf(unit: UnitState, job: Job | null): Phase | null {
  if (job?.type === 'stop' || unit.active === 'deactivating') return 'leaving';
  if (unit.active === 'active' || unit.active === 'reloading') return 'ready';
  if (unit.sub.startsWith('auto-restart')) return 'down';
  if (unit.active === 'activating' || job !== null) return 'starting';
  return unit.active === 'failed' ? 'down' : null;
}

/** How a unit's last run failed, in words; null if it did not, or if nobody can tell any more. */
export function failureOf(unit: UnitState): string | null {
  switch (unit.result) {
    case '':
    case 'success':
      return null;
    case 'exit-code':
      return exited(unit.exitStatus);
    case 'signal':
    case 'core-dump':
      return unit.exitCode === CLD_EXITED ? exited(unit.exitStatus) : `was ended by ${signalName(unit.exitStatus)}`;
    case 'timeout':
      return 'was not ready within its ready-timeout';
    case 'watchdog':
      return 'did not run any code for so long that its watchdog ended it';
    case 'oom-kill':
      return 'was ended by the kernel for want of memory';
    case 'protocol':
      return 'ended before it was ready';
    default:
      return `failed with result ${unit.result}`;
  }
}

function exited(status: number): string {
  const meaning = SPAWN_FAILURES[status];
  return meaning === undefined ? `exited with status ${status}` : `could not be started: ${meaning}`;
}

export function signalName(number: number): string {
  const entry = Object.entries(constants.signals).find(([, value]) => value === number);
  return entry?.[0] ?? `signal ${number}`;
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
