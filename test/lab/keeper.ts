// The process that keeps a lab's disk and cgroup (keep.sh), and that cleans up however this process ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { labScript } from './root.js';

export class Keeper {
  private constructor(
    private readonly child: ChildProcess,
    private readonly ended: Promise<void>,
    /** Process whose mount namespace sees the disk. */
    readonly pid: number,
    /** The lab's cgroup on this machine, below the cgroup2 mount. */
    readonly cgroup: string,
    /** Directory of the overlay's upper, work and root, seen in the keeper's mount namespace only. */
    readonly disk: string,
  ) {}

  static async start(): Promise<Keeper> {
    const id = `${process.pid}-${randomBytes(3).toString('hex')}`;
    // Detached: Ctrl-C in a terminal must reach the tests, not what cleans up after them.
    const child = spawn('unshare', ['--mount', labScript('keep.sh'), id], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    let faults = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (faults += text));
    child.stdin.on('error', () => {}); // it is gone: `ended` says so
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const [, cgroup, disk] = await new Promise<string[]>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', () => reject(new Error(`cannot prepare a lab: ${faults.trim()}`)));
      createInterface({ input: child.stdout }).once('line', (line) => resolve(line.split(' ')));
    });
    if (child.pid === undefined || !cgroup || !disk) throw new Error(`cannot prepare a lab: ${faults.trim()}`);
    release(child);
    return new Keeper(child, ended, child.pid, cgroup, disk);
  }

  /** Ends every process in the lab's cgroup, and removes the cgroup and the disk. */
  async stop(): Promise<void> {
    this.child.ref();
    this.child.stdin?.end();
    await this.ended;
  }
}

/** Lets this process end although the child runs: a lab that nobody stopped must not keep the tests from ending. */
export function release(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    (stream as { unref?: () => void } | null)?.unref?.();
  }
}
