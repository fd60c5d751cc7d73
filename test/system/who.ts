// What the workers say of themselves.
import type { Lab } from '../lab/lab.js';
import { Connection } from '../lab/exchange.js';

/** `/who` of one worker. */
export interface Who {
  readonly pid: number;
  readonly worker: string;
  readonly release: string;
  readonly cwd: string;
  readonly PWD: string;
  readonly file: string;
  readonly prefix: string;
  readonly LISTEN_FDS: string;
  readonly multiprocess: boolean;
}

export interface Address {
  /** A socket in the lab; default that of shop. */
  readonly socket?: string;
  /** A worker that slow requests find again and again is long in answering. */
  readonly timeoutMs?: number;
}

/** Asks until so many different workers have answered, and returns all their answers: old ones that still serve too. */
export async function everyWho(lab: Lab, workers: number, { socket = '/run/wsgi/shop.sock', timeoutMs = 60_000 }: Address = {}): Promise<Who[]> {
  const seen = new Map<number, Who>();
  const deadline = Date.now() + timeoutMs;
  while (seen.size < workers) {
    if (Date.now() > deadline) throw new Error(`only ${seen.size} of ${workers} workers answer: ${JSON.stringify([...seen.values()])}`);
    // All at once, so that no worker can take them all.
    const asked = Array.from({ length: 4 * workers }, async () => {
      const connection = new Connection({ path: `${lab.root}${socket}` });
      const { body } = await connection.exchange({ path: '/who', keepAlive: false, timeoutMs });
      return JSON.parse(body.toString()) as Who;
    });
    for (const who of await Promise.all(asked)) seen.set(who.pid, who);
  }
  return [...seen.values()];
}
