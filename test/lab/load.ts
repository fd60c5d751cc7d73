// Clients that keep an app in a lab busy and say what they saw.
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { release } from './keeper.js';
import type { Lab } from './lab.js';
import type { Clients, Program } from './load-clients.js';
import type { LoadReport } from './tally.js';

export type { Failure, LoadReport, ReleaseSeen } from './tally.js';

export interface LoadOptions {
  /** Unix socket in the lab; default `/run/wsgi/shop.sock`. */
  readonly socket?: string;
  /** Port of the lab's 127.0.0.1, instead of a socket. */
  readonly port?: number;
  /** Sent with each request, such as a login. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Clients with a new connection for each request; default 16. */
  readonly fast?: number;
  /** What they ask for, default `/fast`; it may have a query. */
  readonly path?: string;
  /** Milliseconds that they wait between a reply and the next request; default 0. */
  readonly pauseMs?: number;
  /** Clients that would keep their connection, as long as the server lets them. */
  readonly keepAlive?: { readonly clients: number; readonly pauseMs?: number };
  /** Such as `{ path: '/file?5', clients: 4 }`; one request after the other. */
  readonly slow?: readonly { readonly path: string; readonly clients: number; readonly pauseMs?: number }[];
  /** Milliseconds after which a request without a whole reply has failed; default 60 000. */
  readonly timeoutMs?: number;
  /** Finds the release in the body; without it the header X-Release names it. */
  readonly marker?: RegExp;
  /** Milliseconds after which the clients stop by themselves; default ten minutes. */
  readonly maxMs?: number;
}

/**
 * The load of the cases: 16 clients of /fast, and `writers` clients whose requests write a file for 5 s. They pause, so
 * that a machine of two cores is busy rather than overrun.
 */
export function l16(writers = 4): LoadOptions {
  return { fast: 16, pauseMs: 100, slow: [{ path: '/file?5', clients: writers }] };
}

export class Load {
  private readonly waiting: { resolve: (report: LoadReport) => void; reject: (error: Error) => void }[] = [];
  private readonly firstReply: Promise<void>;
  private faults = '';
  private over = false;

  constructor(private readonly child: ChildProcess) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.faults += text));
    child.stdin?.on('error', () => {}); // it is gone: `close` says so
    const lines = createInterface({ input: child.stdout! });
    this.firstReply = new Promise((resolve) => lines.on('line', (line) => line === 'first' && resolve()));
    lines.on('line', (line) => line !== 'first' && this.waiting.shift()?.resolve(JSON.parse(line) as LoadReport));
    child.once('close', () => {
      this.over = true;
      for (const { reject } of this.waiting.splice(0)) reject(new Error(`the load has ended by itself: ${this.faults}`));
    });
    release(child);
  }

  /** Resolves at the first good reply. */
  async started(timeoutMs = 30_000): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no reply in ${timeoutMs / 1000} s; ${this.faults}`)), timeoutMs);
    });
    await Promise.race([this.firstReply, late]).finally(() => clearTimeout(timer));
  }

  /** What was seen so far; the load goes on. */
  async report(): Promise<LoadReport> {
    return this.ask('report');
  }

  /** No client begins another request; resolves when those in flight have their ends. */
  async stop(): Promise<LoadReport> {
    return this.ask('stop');
  }

  private async ask(command: 'report' | 'stop'): Promise<LoadReport> {
    if (this.over) throw new Error(`the load is over; ${this.faults}`);
    this.child.ref(); // else nothing keeps this process waiting
    const answer = new Promise<LoadReport>((resolve, reject) => this.waiting.push({ resolve, reject }));
    this.child.stdin?.write(`${command}\n`);
    return answer.finally(() => this.child.unref());
  }
}

/**
 * Starts clients as a process of this machine, in the network of the lab: what happens inside, be it a power cut, does
 * not touch them. It ends with the lab or this process, at the latest.
 */
export function startLoad(lab: Lab, options: LoadOptions = {}): Load {
  const { socket = '/run/wsgi/shop.sock', port, fast = 16, path = '/fast', pauseMs = 0, keepAlive, slow = [] } = options;
  const groups: Clients[] = [
    { path, clients: fast, keepAlive: false, pauseMs, slow: false },
    { path, clients: keepAlive?.clients ?? 0, keepAlive: true, pauseMs: keepAlive?.pauseMs ?? 0, slow: false },
    ...slow.map((group) => ({ keepAlive: false, pauseMs: 0, ...group, slow: true })),
  ];
  const program: Program = {
    address: port === undefined ? { path: `${lab.root}${socket}` } : { port },
    groups,
    headers: options.headers ?? {},
    timeoutMs: options.timeoutMs ?? 60_000,
    maxMs: options.maxMs ?? 600_000,
    ...(options.marker && { marker: options.marker.source }),
  };
  const clients = fileURLToPath(new URL('load-clients.js', import.meta.url));
  const child = spawn('nsenter', ['--target', String(lab.pid), '--net', process.execPath, clients, JSON.stringify(program)]);
  lab.adopt(child);
  return new Load(child);
}
