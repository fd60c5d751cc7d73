import { BadValue } from './fault.js';

export interface NumberLimits {
  readonly min?: number;
  readonly max?: number;
  readonly off?: true;
}

/** A share of the app's workers, in Kubernetes' words. */
export type Amount =
  | { readonly kind: 'count'; readonly value: number }
  | { readonly kind: 'percent'; readonly value: number };

/** A whole number. */
export function readCount(text: string, limits: NumberLimits = {}): number {
  if (!/^\d{1,9}$/u.test(text)) throw new BadValue('is not a whole number');
  const value = Number(text);
  const { min = 0, max } = limits;
  if (value < min) {
    throw new BadValue(`must be at least ${min}`, limits.off === true && value === 0 ? 'for none write off' : undefined);
  }
  if (max !== undefined && value > max) throw new BadValue(`must be at most ${max}`);
  return value;
}

/** `2`, or `25%` of the app's processes. */
export function readAmount(text: string): Amount {
  const found = /^(\d{1,9})(\s*%)?$/u.exec(text);
  if (found === null) throw new BadValue('is neither a number nor a percentage', 'such as 1 or 25%');
  const value = Number(found[1]);
  if (found[2] === undefined) return { kind: 'count', value };
  if (value > 100) throw new BadValue('must be at most 100%');
  return { kind: 'percent', value };
}

/** The bits of a file's mode, written in octal as in units. */
export function readMode(text: string): number {
  if (!/^[0-7]{1,4}$/u.test(text)) throw new BadValue('is not an octal mode', 'such as 0660');
  const mode = Number.parseInt(text, 8);
  if (mode > 0o777) throw new BadValue('has more than the bits of 0777');
  return mode;
}

const YES = new Set(['yes', 'true', 'on', '1', 'y', 't']);
const NO = new Set(['no', 'false', 'off', '0', 'n', 'f']);

/** systemd's words for yes and no. */
export function readBoolean(text: string): boolean {
  const word = text.toLowerCase();
  if (YES.has(word)) return true;
  if (NO.has(word)) return false;
  throw new BadValue('is neither yes nor no');
}
