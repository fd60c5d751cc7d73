// Commands in the lab that the one who watches sees as they would be typed, with what they print.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Lab } from '../lab.js';
import { say } from './progress.js';

export interface Shown {
  /** 124 where it was killed. */
  readonly code: number;
  readonly ms: number;
  /** Of both streams, in the order in which they came. */
  readonly lines: readonly string[];
}

/** A roll that takes longer has gone wrong: the demo says so and ends. */
const DEADLINE_MS = 60_000;

export async function show(lab: Lab, command: readonly string[]): Promise<Shown> {
  say(`$ ${command.join(' ')}`);
  const began = Date.now();
  const child = lab.spawn(command);
  const lines: string[] = [];
  const take = (line: string): void => {
    lines.push(line);
    say(`    ${line}`);
  };
  child.stdin?.end();
  const timer = setTimeout(() => {
    say(`    not over after ${DEADLINE_MS / 1000} s: killed`);
    child.kill('SIGKILL');
  }, DEADLINE_MS);
  const [code] = await Promise.all([
    new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (status) => resolve(status ?? 124));
    }),
    eachLine(child.stdout, take),
    eachLine(child.stderr, take),
  ]).finally(() => clearTimeout(timer));
  return { code, ms: Date.now() - began, lines };
}

/** Shows what units write to the journal, until the returned function is called. */
export function showJournal(lab: Lab, units: readonly string[]): () => void {
  const child = lab.spawn(['journalctl', '-q', '-f', '-n', '0', '-o', 'cat', '_COMM=node', ...units.map((unit) => `--unit=${unit}`)]);
  child.on('error', () => {}); // nothing but the looks of the demo depends on it
  void eachLine(child.stdout, (line) => say(`    ${line}`));
  return () => void child.kill('SIGKILL');
}

async function eachLine(stream: Readable | null, take: (line: string) => void): Promise<void> {
  if (stream === null) return;
  for await (const line of createInterface({ input: stream })) take(line);
}
