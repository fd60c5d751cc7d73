/** The only writer to standard output and error. A reader that went away is no reason to stop what we do. */

const broken = new Set<NodeJS.WriteStream>();

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => broken.add(stream));
}

export function say(line: string): void {
  if (!broken.has(process.stdout)) process.stdout.write(`${line}\n`);
}

export function complain(line: string): void {
  if (!broken.has(process.stderr)) process.stderr.write(`${line}\n`);
}

export function sayJson(value: unknown): void {
  say(JSON.stringify(value, null, 2));
}
