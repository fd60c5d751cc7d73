// A worker in a unit of its own, without wsgictl: the runner, systemd and a socket, as generated units have them.
import { cpSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../lab/lab.js';

const SOURCE = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** What a client got, and in which time. */
export interface Got {
  readonly text: string;
  readonly status: number;
  readonly body: string;
  readonly ms: number;
  /** `ECONNRESET`, …; undefined: the connection was closed in good order. */
  readonly error: string | undefined;
}

export interface WorkerOptions {
  readonly options?: readonly string[];
  readonly threads?: number;
  readonly graceful?: number;
  readonly interrupt?: number;
  /** Further lines of the unit's [Service]. */
  readonly service?: readonly string[];
  /** Files beside the app. */
  readonly files?: Readonly<Record<string, string>>;
  /** How many instances; default 1. */
  readonly instances?: number;
  /** Default: they are started, and that must succeed. */
  readonly start?: boolean;
}

let count = 0;

export class Worker {
  private constructor(
    private readonly lab: Lab,
    readonly name: string,
    private readonly instances: number,
  ) {}

  static async make(lab: Lab, { threads = 1, graceful = 10, interrupt = 3, ...rest }: WorkerOptions = {}): Promise<Worker> {
    count += 1;
    const { options = [], service = [], files = {}, instances = 1, start = true } = rest;
    const worker = new Worker(lab, `probe${count}`, instances);
    cpSync(SOURCE('src/worker'), `${lab.root}/usr/lib/worker`, { recursive: true });
    await lab.write(`${worker.directory}/app.py`, readFileSync(SOURCE('test/system/worker-app.py'), 'utf8'));
    for (const [name, text] of Object.entries(files)) await lab.write(`${worker.directory}/${name}`, text);
    await lab.sh(`touch ${worker.directory}/traces; head -c 3000000 /dev/urandom >${worker.directory}/traces.big; chown -R deploy ${worker.directory}`);
    await lab.write(`/etc/systemd/system/${worker.name}.socket`, `[Socket]\nListenStream=${worker.socket}\nService=${worker.name}@1.service\nTriggerLimitIntervalSec=0\n`);
    const all = ['--app=probe', '--generation=1', '--worker=%i', '--module=app', `--threads=${threads}`,
      `--graceful-timeout=${graceful}`, `--interrupt-timeout=${interrupt}`, '--interrupt-signal=RTMIN+8', ...options];
    await lab.write(`/etc/systemd/system/${worker.name}@.service`, [
      '[Unit]', 'StartLimitIntervalSec=0',
      '[Service]', 'Type=notify', `Sockets=${worker.name}.socket`, 'User=deploy', `WorkingDirectory=${worker.directory}`,
      `ExecStart=/usr/bin/python3 /usr/lib/worker ${all.join(' ')}`, 'Environment=PYTHONDONTWRITEBYTECODE=1',
      'Restart=always', 'RestartSec=1', 'RestartPreventExitStatus=78', 'KillMode=mixed', 'KillSignal=SIGTERM',
      `TimeoutStopSec=${graceful}`, 'TimeoutStopFailureMode=abort', 'WatchdogSignal=RTMIN+8', `TimeoutAbortSec=${interrupt}`,
      ...service, ''].join('\n'));
    if (start) await lab.sh(`systemctl start ${worker.name}.socket ${worker.units.join(' ')}`);
    return worker;
  }

  get directory(): string {
    return `/srv/${this.name}`;
  }

  get socket(): string {
    return `/run/${this.name}.sock`;
  }

  get units(): string[] {
    return Array.from({ length: this.instances }, (_, index) => `${this.name}@${index + 1}.service`);
  }

  /** A connection on which nothing is sent yet. */
  async connect(): Promise<Socket> {
    const client = connect({ path: `${this.lab.root}${this.socket}` });
    await new Promise((resolve, reject) => client.once('connect', resolve).once('error', reject));
    return client;
  }

  async get(path: string, { version = '1.1', headers = '' } = {}): Promise<Got> {
    return exchange(await this.connect(), `GET ${path} HTTP/${version}\r\nHost: probe\r\n${headers}\r\n`);
  }

  async traces(): Promise<string[]> {
    return (await this.lab.read(`${this.directory}/traces`)).split('\n').filter(Boolean);
  }

  async show(property: string, instance = 1): Promise<string> {
    return (await this.lab.sh(`systemctl show -P ${property} ${this.name}@${instance}.service`)).trim();
  }

  async log(): Promise<string> {
    return this.lab.journal(['-u', `${this.name}@*`]);
  }

  async signal(signal: string, instance = 1): Promise<void> {
    await this.lab.sh(`kill -${signal} ${await this.show('MainPID', instance)}`);
  }

  /** Resolves when it is down, with the milliseconds that took. */
  async stop(instance = 1): Promise<number> {
    const began = Date.now();
    await this.lab.sh(`systemctl stop ${this.name}@${instance}.service`, { timeout: 120_000 });
    return Date.now() - began;
  }

  async remove(): Promise<void> {
    await this.lab.sh(`systemctl stop ${this.name}.socket ${this.units.join(' ')}; systemctl reset-failed '${this.name}*' || true`);
  }
}

/** Makes the body of a test that gets a worker, which is gone after it, and whose log is shown where the test fails. */
export function workersIn(lab: () => Lab) {
  return (options: WorkerOptions, test: (worker: Worker) => Promise<void>) => async (): Promise<void> => {
    const worker = await Worker.make(lab(), options);
    try {
      await test(worker);
    } catch (error) {
      console.error(await worker.log());
      throw error;
    } finally {
      await worker.remove();
    }
  };
}

/** Sends a request, all at once, and reads to the end. */
export async function exchange(client: Socket, request: string, timeoutMs = 60_000): Promise<Got> {
  const began = Date.now();
  let text = '';
  let error: string | undefined;
  client.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  client.on('error', (fault: NodeJS.ErrnoException) => (error = fault.code));
  const closed = new Promise((resolve) => client.once('close', resolve));
  client.write(request);
  await Promise.race([closed, wait(timeoutMs, undefined, { ref: false })]);
  client.destroy();
  const end = text.indexOf('\r\n\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0);
  return { text, status, body: end < 0 ? '' : text.slice(end + 4), ms: Date.now() - began, error };
}
