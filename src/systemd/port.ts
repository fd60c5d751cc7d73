/** What wsgictl asks of a systemd manager. The only implementation is the real one (manager.ts), over D-Bus. */

/** How systemd treats a job that conflicts with one already queued (org.freedesktop.systemd1(5), StartUnit). */
export type JobMode = 'replace' | 'fail' | 'ignore-dependencies';

/** `done`, or why not: org.freedesktop.systemd1(5), JobRemoved. */
export type JobResult = string;

/** The properties of a unit that we read; absent ones do not exist for that type of unit. */
export interface UnitState {
  readonly name: string;
  /** `loaded`, `not-found`, `masked`, `bad-setting`, … */
  readonly load: string;
  /** `active`, `reloading`, `inactive`, `failed`, `activating`, `deactivating` */
  readonly active: string;
  readonly sub: string;
  /** The path of the queued or running job; null without one. */
  readonly job: string | null;
  /** `success` or why the service failed, `exit-code`, `timeout`, `signal`, …; empty for units that have none. */
  readonly result: string;
  /** As `result`, of its last reload. */
  readonly reloadResult: string;
  /** How the main process ended: a CLD_* code (0 while it runs) and the exit status or signal number. */
  readonly exitCode: number;
  readonly exitStatus: number;
  /** CLOCK_MONOTONIC in ms; 0 if it never became active. */
  readonly activeSince: number;
  /** When its state or SubState last changed: CLOCK_MONOTONIC in ms. */
  readonly changedAt: number;
  /** TimeoutStopSec= and TimeoutAbortSec= together, in ms; Infinity where one of them is; 0 for units that have none. */
  readonly stopLimit: number;
  /** How often systemd restarted it by itself since it was started. */
  readonly restarts: number;
  readonly mainPid: number;
  /** 32 hex digits, the journal's _SYSTEMD_INVOCATION_ID; empty if it never ran. */
  readonly invocation: string;
  /** What the service said last by STATUS=. */
  readonly status: string;
  readonly needDaemonReload: boolean;
  readonly unitFileState: string;
  /** The units that it wants, as systemd has read it. */
  readonly wants: readonly string[];
  /** The addresses of a socket unit, as its files say that have been read. */
  readonly listen: readonly string[];
  /** The mode and owner of a socket unit's paths, as its files say that have been read; an empty account is that of whoever opens it, and an empty group the account's. */
  readonly socketAccess?: SocketAccess;
}

export interface SocketAccess {
  readonly mode: number;
  readonly user: string;
  readonly group: string;
}

export interface Job {
  readonly path: string;
  readonly type: string;
  /** `waiting` or `running` */
  readonly state: string;
}

/** A unit and its job, as they were at one moment. */
export interface Observed {
  readonly unit: UnitState;
  readonly job: Job | null;
}

/** How the last run of a unit ended, and what it had said last. */
export type LastEnd = Pick<UnitState, 'result' | 'exitCode' | 'exitStatus' | 'status'>;

/** The connection to systemd was lost, or it did not answer in time: what was asked may or may not have been done. */
export class BusLost extends Error {
  override readonly name = 'BusLost';

  /** `sent`: whether systemd may have got what was asked. It has not where no connection came about. */
  constructor(message: string, readonly sent = true) {
    super(message);
  }
}

/** systemd said no. `code` is the D-Bus error name without its prefix, such as `NoSuchUnit`. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Every method may throw BusLost or Refused. After BusLost the next call makes a new connection, so the right answer to
 * it is to look at the state of things again.
 */
export interface Systemd {
  /** The loaded units whose names match one of the globs. One call, and one more for each unit, pipelined. */
  list(patterns: readonly string[]): Promise<UnitState[]>;
  unit(name: string): Promise<UnitState>;
  /** A unit with its job: the unit as it was given, or read again where the job that it was read with is gone. */
  withJob(unit: UnitState): Promise<Observed>;
  /** The paths of all queued jobs. */
  jobs(): Promise<Set<string>>;
  /** Queues the job and returns its path; what became of it, jobResult tells. */
  start(unit: string, mode?: JobMode): Promise<string>;
  stop(unit: string, mode?: JobMode): Promise<string>;
  restart(unit: string): Promise<string>;
  reload(unit: string): Promise<string>;
  /** Sends all stop requests before it waits for the first answer. A unit that is not loaded is no error. */
  stopAll(units: readonly string[]): Promise<void>;
  /** SIGKILL for every process of the unit. */
  kill(unit: string): Promise<void>;
  cancel(job: string): Promise<void>;
  /** Waits for the end of a job, polling beside the signal, since a signal can be lost with the connection. */
  jobResult(job: string): Promise<JobResult>;
  /** Resolves at the next change of any unit or job since the last call, or after `ms`. Never throws. */
  change(ms: number): Promise<void>;
  /** Ends the wait for a change. */
  nudge(): void;
  /** What signals told of a unit's Result and SubState since we connected, newest last; it outlives the unit. */
  history(unit: string): readonly string[];
  /** How a unit's last run ended, if a signal told since we connected; it outlives the unit. */
  lastEnd(unit: string): LastEnd | null;
  daemonReload(): Promise<void>;
  enable(units: readonly string[]): Promise<void>;
  disable(units: readonly string[]): Promise<void>;
  resetFailed(unit: string): Promise<void>;
  version(): Promise<string>;
  close(): void;
}
