// One boot of a lab: its PID 1, from the first namespace to its end.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { release, type Keeper } from './keeper.js';
import { labScript } from './root.js';

/** How a PID 1 ended: the kernel tells a namespace's poweroff and reboot from a kill by the signal it reports. */
export type End = 'poweroff' | 'reboot' | 'killed';

/**
 * What root in a lab cannot do, for setpriv: load modules into this machine's kernel, set its clock, clear its log.
 * Namespaces keep none of these apart, so every process that enters one must be without them, not only PID 1.
 */
export const CAPABILITIES = '-sys_module,-sys_rawio,-sys_time,-syslog,-wake_alarm';

export class Machine {
  private over: End | undefined;

  private constructor(
    private readonly unshare: ChildProcess,
    /** PID 1 of the lab, as this machine numbers it. */
    readonly pid: number,
    private readonly ended: Promise<End>,
  ) {
    void ended.then((end) => (this.over = end));
  }

  /** Resolves when systemd has been started; it is not usable yet. */
  static async start(keeper: Keeper, root: string): Promise<Machine> {
    // `--kill-child` and `--pdeathsig` make a chain: whoever above dies, the lab's PID 1 dies with it.
    const child = spawn(
      'nsenter',
      ['--target', String(keeper.pid), '--mount', 'setpriv', '--pdeathsig', 'KILL',
        'unshare', '--mount', '--pid', '--fork', '--ipc', '--uts', '--net', '--kill-child',
        labScript('boot.sh'), keeper.cgroup, keeper.disk, root, CAPABILITIES],
      { stdio: ['ignore', 'pipe', 'pipe'], detached: true },
    );
    let faults = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (faults += text));
    const ended = new Promise<End>((resolve) => {
      child.once('exit', (_code, signal) => resolve(signal === 'SIGINT' ? 'poweroff' : signal === 'SIGHUP' ? 'reboot' : 'killed'));
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', () => reject(new Error(`cannot boot the lab: ${faults.trim()}`)));
      createInterface({ input: child.stdout }).once('line', (line) => resolve(Number(line.replace('pid ', ''))));
    });
    release(child);
    const machine = new Machine(child, pid, ended);
    // Until then this PID 1 is a shell that still sees the outer files: nothing may be run inside.
    const deadline = Date.now() + 10_000;
    while (!machine.hasSystemd()) {
      if (machine.over !== undefined || Date.now() > deadline) throw new Error(`cannot boot the lab: ${faults.trim()}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return machine;
  }

  get running(): boolean {
    return this.over === undefined;
  }

  /** Waits until PID 1 is gone; after `timeoutMs` that is an error. */
  async end(timeoutMs: number): Promise<End> {
    this.unshare.ref();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`the lab's PID 1 is not gone after ${timeoutMs / 1000} s`)), timeoutMs);
    });
    try {
      return await Promise.race([this.ended, late]);
    } finally {
      clearTimeout(timer);
      this.unshare.unref();
    }
  }

  /** As if the power were cut. */
  async kill(): Promise<void> {
    try {
      if (this.running) process.kill(this.pid, 'SIGKILL');
    } catch {
      // It has just ended by itself, and unshare's end is about to be reported.
    }
    await this.end(10_000);
  }

  private hasSystemd(): boolean {
    try {
      return readFileSync(`/proc/${this.pid}/comm`, 'utf8') === 'systemd\n';
    } catch {
      return false;
    }
  }
}
