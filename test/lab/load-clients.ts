// The program that makes the load, a process of its own beside the tests: options in its first argument, `report` and
// `stop` on standard input, a report a line on standard output. It ends by itself when nobody holds its input any more.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { Connection, ExchangeError, type Address } from './exchange.js';
import { Tally, type LoadReport } from './tally.js';
import type { Reply } from './reply.js';

export interface Clients {
  readonly path: string;
  readonly clients: number;
  readonly keepAlive: boolean;
  /** Milliseconds from a reply to the client's next request. */
  readonly pauseMs: number;
  readonly slow: boolean;
}

export interface Program {
  readonly address: Address;
  readonly groups: readonly Clients[];
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** A regular expression on the body whose first group names the release; otherwise it is the header X-Release. */
  readonly marker?: string;
  readonly maxMs: number;
}

const STALL_STEP_MS = 5;

const program = JSON.parse(process.argv[2] ?? '') as Program;
const tally = new Tally();
const marker = program.marker === undefined ? undefined : new RegExp(program.marker);
const delay = monitorEventLoopDelay({ resolution: STALL_STEP_MS });
let stoppedAt = Infinity;
let sayFirst = (): void => {
  process.stdout.write('first\n');
  sayFirst = () => {};
};

function releaseOf(reply: Reply): string {
  if (!marker) return reply.headers.get('x-release') ?? '';
  return marker.exec(reply.body.toString())?.[1] ?? '';
}

/** One client: the next request when the last one has its end, no second try of any. */
async function client({ path, keepAlive, pauseMs, slow }: Clients): Promise<void> {
  const connection = new Connection(program.address);
  while (stoppedAt === Infinity) {
    const began = Date.now();
    const clock = performance.now();
    try {
      const reply = await connection.exchange({ path, keepAlive, timeoutMs: program.timeoutMs, headers: program.headers });
      if (reply.status >= 400) throw new ExchangeError(reply.status >= 500 ? '5xx' : 'status', `status ${reply.status}`);
      if (slow) tally.slowReply();
      else tally.fastReply(performance.now() - clock, releaseOf(reply));
      sayFirst();
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      tally.failure({ kind: error.kind, detail: error.message, path, began, at: Date.now() }, slow);
      await wait(10); // a client that is refused would else spin
    }
    if (pauseMs > 0) await wait(pauseMs);
  }
  connection.close();
}

function stop(): void {
  stoppedAt = Math.min(stoppedAt, Date.now());
}

/** After the stop no gap grows any more. */
function report(): string {
  const stallMs = Math.max(0, Math.round(delay.max / 1e6 - STALL_STEP_MS));
  return `${JSON.stringify({ ...tally.report(Math.min(stoppedAt, Date.now())), stall: stallMs } satisfies LoadReport)}\n`;
}

delay.enable();
setTimeout(stop, program.maxMs).unref();
const commands = createInterface({ input: process.stdin });
const asked = new Promise<void>((resolve) => {
  commands.on('line', (command) => {
    if (command === 'report') {
      process.stdout.write(report());
      return;
    }
    stop();
    resolve();
  });
});
commands.once('close', () => process.exit(0));

await Promise.all(program.groups.flatMap((group) => Array.from({ length: group.clients }, () => client(group))));
await asked;
process.stdout.write(report(), () => process.exit(0));
