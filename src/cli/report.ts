/**
 * The only writer to standard output and error: what others wrote reaches no terminal raw. A reader that went away is no
 * reason to stop what we do.
 */
import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';
import { fitting, visible, visibleFile, visibleJson } from '../config/visible.js';
import type { Places } from '../host/places.js';

const broken = new Set<NodeJS.WriteStream>();

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => broken.add(stream));
}

// A terminal that hangs up does not end what was begun from it; nohup alone would not help, since Node undoes it. At its
// end Node would have the terminal as it was, and abort since there is none: so it is to find other files there.
const terminals = [0, 1, 2].filter((file) => isatty(file));
process.on('SIGHUP', () => {
  for (const stream of [process.stdout, process.stderr]) if (terminals.includes(stream.fd)) broken.add(stream);
  for (const file of terminals.splice(0)) {
    closeSync(file);
    openSync('/dev/null', 'r+'); // takes the lowest number that is free
  }
});

/** The lines at the bottom of the terminal that change while something goes on. */
let block: readonly string[] = [];

export function say(line: string): void {
  above(() => write(process.stdout, visible(line)));
}

/** Several lines of ours. */
export function sayLines(text: string): void {
  for (const line of text.split('\n')) say(line);
}

/** Prints what may become a file: a unit, an INI file, directives of a proxy. */
export function sayFile(text: string): void {
  above(() => write(process.stdout, visibleFile(text)));
}

export function sayNoApps({ root, apps }: Places): void {
  say(`there are no apps in ${root}${apps}; wsgictl init DIR proposes the file of one`);
}

export function complain(line: string): void {
  above(() => write(process.stderr, visible(line)));
}

export function complainLines(text: string): void {
  for (const line of text.split('\n')) complain(line);
}

/** Whether there is a terminal to draw on. */
export function canDraw(): boolean {
  return process.stdout.isTTY === true && process.env['TERM'] !== 'dumb';
}

/** Shows these lines in place of those drawn before; none to end that. */
export function draw(lines: readonly string[]): void {
  erase();
  // A terminal that does not know its size says 0.
  const columns = process.stdout.columns || 80;
  const rows = process.stdout.rows || 24;
  block = lines.slice(0, rows - 1).map((line) => fitting(visible(line).replaceAll('\t', ' '), columns - 1));
  for (const line of block) write(process.stdout, line);
}

function above(print: () => void): void {
  const drawn = block;
  erase();
  print();
  if (drawn.length > 0) draw(drawn);
}

/** Cursor up, and clear from there to the end of the screen (ECMA-48). */
function erase(): void {
  if (block.length > 0 && !broken.has(process.stdout)) process.stdout.write(`\x1b[${block.length}A\x1b[J`);
  block = [];
}

function write(stream: NodeJS.WriteStream, line: string): void {
  if (!broken.has(stream)) stream.write(`${line}\n`);
}

export function sayJson(value: unknown): void {
  above(() => write(process.stdout, visibleJson(JSON.stringify(value, null, 2))));
}
