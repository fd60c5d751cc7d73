import { BadValue } from './fault.js';

/** Limits of a setting's row, as far as a kind of value knows them. */
export interface SpanLimits {
  readonly min?: number;
  readonly off?: true;
}

/** systemd's units of time, in microseconds (systemd.time(7)). */
const UNITS: ReadonlyMap<string, number> = new Map(
  (
    [
      [1, 'us usec µs μs'],
      [1e3, 'ms msec'],
      [1e6, 's sec second seconds'],
      [60e6, 'm min minute minutes'],
      [3600e6, 'h hr hour hours'],
      [86_400e6, 'd day days'],
      [604_800e6, 'w week weeks'],
      [2_629_800e6, 'M month months'],
      [31_557_600e6, 'y year years'],
    ] as const
  ).flatMap(([size, names]) => names.split(' ').map((name): [string, number] => [name, size])),
);

/** Timers of JavaScript hold 2^31 ms, 24.8 days: a longer wait would be over at once. */
const LONGEST = 24 * 86_400_000;

const PART = /\s*(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-zµμ]*)/uy;

/** A time span as systemd writes it (`1min 30s`, `500ms`, a bare number is seconds), in milliseconds. */
export function readSpan(text: string, limits: SpanLimits = {}): number {
  const milliseconds = sum(text, limits.off === true) / 1000;
  if (milliseconds > LONGEST) throw new BadValue('is longer than 24d');
  if (!Number.isInteger(milliseconds)) throw new BadValue('is finer than a millisecond');
  const min = limits.min ?? 0;
  if (milliseconds < min) {
    // systemd takes a timeout of 0 for "never", so 0 is no way to say "at once".
    const least = min === 1 ? 'must be longer than 0' : `must be at least ${showSpan(min)}`;
    throw new BadValue(least, limits.off === true ? 'for none write off' : undefined);
  }
  return milliseconds;
}

/** Milliseconds as systemd reads them; whole seconds where it can be. */
export function showSpan(milliseconds: number): string {
  return milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`;
}

function sum(text: string, canBeOff: boolean): number {
  if (/^(infinity|never|none|off)$/iu.test(text)) {
    throw new BadValue('needs a bound', canBeOff ? 'for none write off' : 'give a time such as 30s');
  }
  let microseconds = 0;
  let at = 0;
  while (at < text.length) {
    PART.lastIndex = at;
    const part = PART.exec(text);
    const size = part === null ? undefined : part[2] === '' ? 1e6 : UNITS.get(part[2] ?? '');
    if (part === null || size === undefined) {
      throw new BadValue('is not a time span', 'write it as systemd does: 30s, 500ms, 1min 30s');
    }
    microseconds += Math.round(Number(part[1]) * size);
    at = PART.lastIndex;
  }
  return microseconds;
}
