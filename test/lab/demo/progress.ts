// What somebody who watches the demo sees: plain lines, each with the seconds since the start.

const began = Date.now();

export function say(line: string): void {
  process.stdout.write(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
}

export function heading(line: string): void {
  process.stdout.write('\n');
  say(`== ${line}`);
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
