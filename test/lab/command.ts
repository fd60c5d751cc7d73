// Commands that are run inside a lab, as root or a user of it.
import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Keeper } from './keeper.js';
import { CAPABILITIES, type Machine } from './machine.js';

export interface Result {
  /** 128 + signal where a signal ended it, 124 where it took longer than its time. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SpawnOptions {
  /** Default root. */
  readonly user?: string;
  /** Added to an environment that is otherwise that of a fresh login. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunOptions extends SpawnOptions {
  /** Milliseconds, default 60 000. */
  readonly timeout?: number;
  /** What it reads on standard input; default nothing. */
  readonly input?: string;
}

/** Starts a command in the lab's namespaces and its cgroup. */
export function enter(machine: Machine, keeper: Keeper, command: readonly string[], options: SpawnOptions): ChildProcess {
  const user = options.user === undefined ? [] : ['--reuid', options.user, '--regid', options.user, '--init-groups'];
  const environment = Object.entries({ LANG: 'C.UTF-8', ...options.env }).map(([key, value]) => `${key}=${value}`);
  // Into the lab's cgroup before its namespaces: from inside, the cgroup that we come from cannot be named.
  return spawn(
    'sh',
    ['-c', 'echo 0 >"$0" && exec "$@"', `${keeper.cgroup}/lab-run/cgroup.procs`,
      'nsenter', '--target', String(machine.pid), '--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup',
      'setpriv', '--pdeathsig', 'KILL', '--bounding-set', CAPABILITIES, '--reset-env', ...user,
      'env', ...environment, ...command],
    // In a process group of its own: a `kill 0` in there is for a whole group, whatever namespaces its processes are in.
    { stdio: 'pipe', detached: true },
  );
}

/** Gives a command its input and waits for its end. */
export async function finish(child: ChildProcess, command: readonly string[], options: RunOptions): Promise<Result> {
  const { timeout = 60_000, input = '' } = options;
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin?.on('error', () => {}); // it need not read what it is given
  child.stdin?.end(input);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeout);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve(exitCode(status, signal)));
    // Something that it left in the background may hold the pipes for ever.
    child.once('exit', (status, signal) => setTimeout(() => resolve(exitCode(status, signal)), 1000).unref());
  });
  clearTimeout(timer);
  if (!late) return { code, stdout, stderr };
  return { code: 124, stdout, stderr: `${stderr}lab: ${command.join(' ')}: killed after ${timeout / 1000} s\n` };
}

function exitCode(status: number | null, signal: NodeJS.Signals | null): number {
  return status ?? (signal === null ? 0 : 128 + constants.signals[signal]);
}
