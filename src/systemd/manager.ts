import { constants } from 'node:os';
import { Bus, plain, type Address, type Signal } from './bus.js';
import { BusLost, Refused, type Job, type JobMode, type JobResult, type LastEnd, type Observed, type Systemd, type UnitState } from './port.js';
import { withJob } from './with-job.js';

const MANAGER_PATH = '/org/freedesktop/systemd1';
const MANAGER = 'org.freedesktop.systemd1.Manager';
const JOB = 'org.freedesktop.systemd1.Job';
const PROPERTIES = 'org.freedesktop.DBus.Properties';

/** The longest time, in ms, that a wait goes without looking for itself. */
const POLL = 5_000;

/** For how long, in ms, PID 1 may be out of reach: at a daemon-reexec it is until it has read its units again. */
const REEXEC = 30_000;

/** systemd's own escaping of unit names in object paths: all but letters and digits as `_` and two hex digits. */
export function unitPath(unit: string): string {
  const escaped = Array.from(Buffer.from(unit), (byte, at) => {
    const char = String.fromCharCode(byte);
    const keep = /[A-Za-z]/.test(char) || (at > 0 && /[0-9]/.test(char));
    return keep ? char : `_${byte.toString(16).padStart(2, '0')}`;
  }).join('');
  return `${MANAGER_PATH}/unit/${escaped}`;
}

/**
 * systemd over D-Bus. A connection that fails is replaced at the next call; reads are repeated by themselves, whatever
 * changes something is not, since it may have been done.
 */
export class Manager implements Systemd {
  readonly #address: Address;
  #bus: Bus | null = null;
  readonly #results = new Map<string, JobResult>();
  readonly #history = new Map<string, string[]>();
  readonly #ends = new Map<string, LastEnd>();
  readonly #states = new Map<string, Promise<UnitState>>();
  #changed = false;
  #closed = false;
  #wake: () => void = () => {};
  /** How many calls went to systemd: a roll's cost is measured by it. */
  calls = 0;

  constructor(address: Address) {
    this.#address = address;
  }

  async list(patterns: readonly string[]): Promise<UnitState[]> {
    const [units] = (await this.#read(MANAGER_PATH, MANAGER, 'ListUnitsByPatterns', 'asas', [[], [...patterns]])) as [
      string[][],
    ];
    return Promise.all(units.map((unit) => this.#known(unit)));
  }

  /**
   * A unit's state as it was read last, if systemd has not said since that it has changed: to tell all of a unit
   * costs PID 1 and us many times what it costs to list it.
   */
  async #known([name = '', , , active, sub, , path = '', , , job]: readonly string[]): Promise<UnitState> {
    const known = await this.#states.get(path);
    if (known !== undefined && known.active === active && known.sub === sub && (known.job ?? '/') === job) return known;
    // It is kept before the answer is here: whatever systemd says of the unit from now on makes it old.
    const read = this.unit(name);
    this.#states.set(path, read);
    read.catch(() => this.#states.delete(path));
    return read;
  }

  async unit(name: string): Promise<UnitState> {
    const [dictionary] = await this.#read(unitPath(name), PROPERTIES, 'GetAll', 's', ['']);
    return unitState(name, plain(dictionary));
  }

  withJob(unit: UnitState): Promise<Observed> {
    return withJob(unit, (path) => this.#job(path), (name) => this.unit(name));
  }

  async #job(path: string): Promise<Job | null> {
    try {
      const [dictionary] = await this.#read(path, PROPERTIES, 'GetAll', 's', [JOB]);
      const { JobType, State } = plain(dictionary);
      return { path, type: String(JobType), state: String(State) };
    } catch (error) {
      if (error instanceof Refused) return null; // It ended meanwhile.
      throw error;
    }
  }

  async jobs(): Promise<Set<string>> {
    const [jobs] = (await this.#read(MANAGER_PATH, MANAGER, 'ListJobs', '', [])) as [[number, ...string[]][]];
    return new Set(jobs.map((job) => String(job[4])));
  }

  start(unit: string, mode: JobMode = 'replace'): Promise<string> {
    return this.#queue('StartUnit', unit, mode);
  }

  stop(unit: string, mode: JobMode = 'replace'): Promise<string> {
    return this.#queue('StopUnit', unit, mode);
  }

  restart(unit: string): Promise<string> {
    return this.#queue('RestartUnit', unit, 'replace');
  }

  reload(unit: string): Promise<string> {
    return this.#queue('ReloadUnit', unit, 'replace');
  }

  async stopAll(units: readonly string[]): Promise<void> {
    const outcomes = await Promise.allSettled(units.map((unit) => this.stop(unit)));
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      const reason: unknown = outcome.reason;
      if (!(reason instanceof Refused && reason.code === 'NoSuchUnit')) throw reason;
    }
  }

  async kill(unit: string): Promise<void> {
    await this.#call(MANAGER_PATH, MANAGER, 'KillUnit', 'ssi', [unit, 'all', constants.signals.SIGKILL]);
  }

  async cancel(job: string): Promise<void> {
    await this.#call(job, JOB, 'Cancel');
  }

  async jobResult(job: string): Promise<JobResult> {
    for (;;) {
      const result = this.#results.get(job);
      if (result !== undefined) return result;
      await this.change(POLL);
      if (this.#results.has(job)) continue;
      if (!(await this.jobs()).has(job)) return this.#results.get(job) ?? 'unknown';
    }
  }

  async change(ms: number): Promise<void> {
    if (!this.#changed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, Math.min(ms, POLL)));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#changed = false;
  }

  nudge(): void {
    this.#changed = true;
    this.#wake();
  }

  history(unit: string): readonly string[] {
    return this.#history.get(unitPath(unit)) ?? [];
  }

  lastEnd(unit: string): LastEnd | null {
    return this.#ends.get(unitPath(unit)) ?? null;
  }

  async daemonReload(): Promise<void> {
    // PID 1 reads every unit of the machine before it answers.
    await this.#call(MANAGER_PATH, MANAGER, 'Reload', '', [], 120_000);
  }

  async enable(units: readonly string[]): Promise<void> {
    await this.#call(MANAGER_PATH, MANAGER, 'EnableUnitFiles', 'asbb', [[...units], false, false]);
  }

  async disable(units: readonly string[]): Promise<void> {
    await this.#call(MANAGER_PATH, MANAGER, 'DisableUnitFiles', 'asb', [[...units], false]);
  }

  async resetFailed(unit: string): Promise<void> {
    await this.#call(MANAGER_PATH, MANAGER, 'ResetFailedUnit', 's', [unit]);
  }

  async version(): Promise<string> {
    const [version] = await this.#read(MANAGER_PATH, PROPERTIES, 'Get', 'ss', [MANAGER, 'Version']);
    return String((version as { value: unknown }).value);
  }

  close(): void {
    this.#closed = true;
    this.#bus?.close();
    this.nudge();
  }

  async #queue(method: string, unit: string, mode: JobMode): Promise<string> {
    const [job] = await this.#call(MANAGER_PATH, MANAGER, method, 'ss', [unit, mode]);
    return String(job);
  }

  #read(path: string, iface: string, member: string, signature: string, body: unknown[]): Promise<unknown[]> {
    return this.#insist(() => this.#once(path, iface, member, signature, body), () => true);
  }

  #call(path: string, iface: string, member: string, signature = '', body: unknown[] = [], deadline?: number): Promise<unknown[]> {
    return this.#insist(() => this.#once(path, iface, member, signature, body, deadline), ({ sent }) => !sent);
  }

  /** Does again what is lost with a connection and may be done again, as long as PID 1 may be reexecuting itself. */
  async #insist<T>(action: () => Promise<T>, mayRepeat: (lost: BusLost) => boolean): Promise<T> {
    const began = performance.now();
    for (let attempt = 1; ; attempt++) {
      try {
        return await action();
      } catch (error) {
        if (!(error instanceof BusLost) || !mayRepeat(error)) throw error;
        // The bus daemon is not PID 1: if it is gone, nobody says that it comes back.
        if (attempt >= 3 && (this.#address.daemon || performance.now() - began > REEXEC)) throw error;
        await new Promise((resolve) => setTimeout(resolve, Math.min(200 * attempt, 1000)));
      }
    }
  }

  async #once(path: string, iface: string, member: string, signature: string, body: unknown[], deadline?: number): Promise<unknown[]> {
    const bus = await this.#connect();
    this.calls += 1;
    return bus.call(path, iface, member, signature, body, deadline);
  }

  async #connect(): Promise<Bus> {
    if (this.#closed) throw new Error('this connection to systemd was closed for good');
    if (this.#bus !== null && !this.#bus.closed) return this.#bus;
    const bus = new Bus(this.#address, (signal) => this.#onSignal(signal));
    this.#bus = bus;
    this.#states.clear();
    // What ended meanwhile, nobody told: what was told before may be of an earlier run of the same unit.
    this.#ends.clear();
    // Without a daemon in between, PID 1 sends its signals unasked.
    if (this.#address.daemon) {
      const match = `type='signal',sender='org.freedesktop.systemd1'`;
      const dbus = 'org.freedesktop.DBus';
      await bus.call('/org/freedesktop/DBus', dbus, 'AddMatch', 's', [match], 25_000, dbus);
      await bus.call(MANAGER_PATH, MANAGER, 'Subscribe');
    }
    return bus;
  }

  #onSignal({ path, member, body }: Signal): void {
    if (member === 'JobRemoved') this.#results.set(String(body[1]), String(body[3]));
    if (member === 'Reloading') this.#states.clear();
    if (member === 'UnitRemoved') this.#states.delete(String(body[1]));
    if (member === 'PropertiesChanged') {
      this.#states.delete(path);
      const changed = plain(body[1]);
      const words = [changed['SubState'], changed['Result']].filter((word) => typeof word === 'string');
      if (typeof changed['Result'] === 'string') this.#ends.set(path, lastEnd(changed));
      if (words.length > 0) this.#history.set(path, [...(this.#history.get(path) ?? []), ...(words as string[])].slice(-20));
    }
    // Units of others change all the time; `-` is `_2d` in object paths.
    if (path.startsWith(`${MANAGER_PATH}/unit/`) && !path.startsWith(`${MANAGER_PATH}/unit/wsgi_2d`)) return;
    this.#changed = true;
    this.#wake();
  }
}

function lastEnd(properties: Record<string, unknown>): LastEnd {
  const number = (key: string) => Number(properties[key] ?? 0);
  return {
    result: String(properties['Result'] ?? ''), exitCode: number('ExecMainCode'), exitStatus: number('ExecMainStatus'),
    status: String(properties['StatusText'] ?? ''),
  };
}

/** A time span of systemd's, in µs, as ms: the highest number stands for "infinity". */
function span(usec: unknown): number {
  return BigInt((usec as bigint | number | undefined) ?? 0) === 0xffff_ffff_ffff_ffffn ? Infinity : Number(usec ?? 0) / 1000;
}

function unitState(name: string, properties: Record<string, unknown>): UnitState {
  const text = (key: string) => String(properties[key] ?? '');
  const number = (key: string) => Number(properties[key] ?? 0);
  const [jobId, jobPath] = (properties['Job'] as [number, string] | undefined) ?? [0, ''];
  return {
    name,
    load: text('LoadState'),
    active: text('ActiveState'),
    sub: text('SubState'),
    job: jobId === 0 ? null : jobPath,
    ...lastEnd(properties),
    reloadResult: text('ReloadResult'),
    activeSince: number('ActiveEnterTimestampMonotonic') / 1000,
    changedAt: number('StateChangeTimestampMonotonic') / 1000,
    stopLimit: span(properties['TimeoutStopUSec']) + span(properties['TimeoutAbortUSec']),
    restarts: number('NRestarts'),
    mainPid: number('MainPID'),
    invocation: Buffer.from((properties['InvocationID'] as number[] | undefined) ?? []).toString('hex'),
    needDaemonReload: properties['NeedDaemonReload'] === true,
    unitFileState: text('UnitFileState'),
    wants: (properties['Wants'] as string[] | undefined) ?? [],
    listen: ((properties['Listen'] as [string, string][] | undefined) ?? []).map(([, address]) => address),
    ...(properties['SocketMode'] === undefined ? {} : { socketAccess: { mode: number('SocketMode'), user: text('SocketUser'), group: text('SocketGroup') } }),
  };
}
