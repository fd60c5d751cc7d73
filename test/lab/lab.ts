// A throwaway Debian with systemd as its PID 1, in namespaces of this machine.
import type { ChildProcess } from 'node:child_process';
import { cpSync, existsSync, rmSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { enter, finish, type Result, type RunOptions, type SpawnOptions } from './command.js';
import { Keeper } from './keeper.js';
import { Machine } from './machine.js';
import { ensureRoot, type Release } from './root.js';

export type { Result, RunOptions, SpawnOptions } from './command.js';
export { ensureRoot, RELEASES, type Release } from './root.js';

export class Lab {
  private machine: Machine | undefined;
  private readonly companions = new Set<ChildProcess>();

  private constructor(
    readonly release: Release,
    private readonly lower: string,
    private readonly keeper: Keeper,
  ) {}

  /**
   * Resolves when systemd has started what is enabled. `install` (default true) puts the built wsgictl into
   * /usr/lib/wsgictl and /usr/bin.
   */
  static async boot(release: Release, options: { readonly install?: boolean } = {}): Promise<Lab> {
    const lower = await ensureRoot(release);
    const lab = new Lab(release, lower, await Keeper.start());
    try {
      await lab.start();
      if (options.install ?? true) lab.install();
    } catch (error) {
      await lab.stop();
      throw error;
    }
    return lab;
  }

  /** Its PID 1, as this machine numbers it. */
  get pid(): number {
    return this.running.pid;
  }

  /**
   * Where this machine sees the lab's files, until it is rebooted. Absolute links in there lead to this machine's own
   * files: use `read` and `write` where the path may hold one.
   */
  get root(): string {
    return `/proc/${this.pid}/root`;
  }

  /** Starts a command inside, as `run` does. Signals of this process reach only its wrapper: KILL ends the command too. */
  spawn(command: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return enter(this.running, this.keeper, command, options);
  }

  /** Runs a command inside to its end, whatever its exit code. */
  async run(command: readonly string[], options: RunOptions = {}): Promise<Result> {
    return finish(this.spawn(command, options), command, options);
  }

  /** Runs a bash script inside and gives its standard output; a command in it that fails is an error. */
  async sh(script: string, options: RunOptions = {}): Promise<string> {
    // Node's pipes are sockets, by which bash thinks that it runs under rshd and reads its rc files.
    const { code, stdout, stderr } = await this.run(['bash', '--norc', '-euo', 'pipefail', '-c', script], options);
    if (code !== 0) throw new Error(`exit code ${code} in the ${this.release} lab:\n${script}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Writes a file with its parent directories. `mode` only counts where it is given. */
  async write(path: string, text: string, mode?: number): Promise<void> {
    const chmod = mode === undefined ? '' : `chmod ${mode.toString(8)} "$FILE"`;
    await this.sh(`mkdir -p "$DIRECTORY"; cat >"$FILE"; ${chmod}`, { input: text, env: { FILE: path, DIRECTORY: dirname(path) } });
  }

  async read(path: string): Promise<string> {
    return this.sh('cat -- "$FILE"', { env: { FILE: path } });
  }

  async exists(path: string): Promise<boolean> {
    return (await this.run(['test', '-e', path])).code === 0;
  }

  /** The messages alone, in order: `journal(['-u', 'wsgi-app@shop'])`. */
  async journal(args: readonly string[]): Promise<string> {
    return (await this.run(['journalctl', '--no-pager', '-o', 'cat', ...args])).stdout;
  }

  /** Probes until it says true, most often ten times a second; default 30 000 ms. */
  async waitFor(what: string, probe: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const began = Date.now();
      if (await probe()) return;
      if (Date.now() > deadline) throw new Error(`${what}: not after ${timeoutMs / 1000} s in the ${this.release} lab`);
      // A probe that costs much leaves half of the time to what it waits for.
      await new Promise((resolve) => setTimeout(resolve, Math.max(100, Date.now() - began)));
    }
  }

  /** Ends PID 1 and all with it at once; `reboot` boots it again. */
  async powerCut(): Promise<void> {
    await this.machine?.kill();
  }

  /**
   * Boots again with its disk; /run and /tmp are fresh. Not `clean`: the power is cut. Not `settled`: resolves as soon
   * as systemd answers, in the middle of the boot.
   */
  async reboot(options: { readonly clean?: boolean; readonly settled?: boolean } = {}): Promise<void> {
    if (options.clean && this.machine?.running) await this.shutDown('reboot');
    else await this.powerCut();
    await this.start(options.settled ?? true);
  }

  /** Resolves when PID 1 is gone, with the milliseconds that took. */
  async poweroff(): Promise<{ ms: number }> {
    const began = Date.now();
    await this.shutDown('poweroff');
    return { ms: Date.now() - began };
  }

  /** A process of this machine that is of no use without the lab: `stop` ends it. */
  adopt(child: ChildProcess): void {
    this.companions.add(child);
    child.once('exit', () => this.companions.delete(child));
  }

  /** Ends everything and removes it. A lab that is not stopped ends with this process. */
  async stop(): Promise<void> {
    for (const child of this.companions) child.kill('SIGKILL');
    // PID 1 first: whoever waits for a process inside is still there to reap it, which an outer init may do seconds later.
    try {
      await this.machine?.kill();
    } finally {
      await this.keeper.stop();
    }
  }

  private get running(): Machine {
    if (this.machine?.running) return this.machine;
    throw new Error(`the ${this.release} lab is not running`);
  }

  private async shutDown(verb: 'reboot' | 'poweroff'): Promise<void> {
    const machine = this.running;
    await this.run(['systemctl', verb]); // its exit code says nothing: it may be killed by what it asked for
    const end = await machine.end(180_000);
    if (end !== verb) throw new Error(`the ${this.release} lab was asked for a ${verb} and ended as ${end}`);
  }

  private async start(settled = true): Promise<void> {
    this.machine = await Machine.start(this.keeper, this.lower);
    // Before PID 1 listens, systemctl cannot connect and says "offline".
    await this.waitFor('systemd answers', () => this.stateIs(/^(initializing|starting|running|degraded)$/m));
    // Degraded is for the tests to judge. An app that hangs at boot may use up its ready-timeout.
    if (settled) await this.waitFor('booted', () => this.stateIs(/^(running|degraded)$/m, '--wait'), 180_000);
  }

  private async stateIs(wanted: RegExp, ...options: string[]): Promise<boolean> {
    return wanted.test((await this.run(['systemctl', 'is-system-running', ...options])).stdout);
  }

  private install(): void {
    const dist = fileURLToPath(new URL('../../../dist', import.meta.url));
    if (!existsSync(dist)) return; // then a test of the lab itself can still run
    const target = `${this.root}/usr/lib/wsgictl`;
    rmSync(target, { recursive: true, force: true });
    cpSync(dist, target, { recursive: true });
    symlinkSync('/usr/lib/wsgictl/wsgictl.cjs', `${this.root}/usr/bin/wsgictl`);
  }
}
