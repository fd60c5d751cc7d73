import type { RawLine } from './lines.js';
import type { Place } from './place.js';

export interface Macro {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly lines: readonly RawLine[];
  /** Where it begins. */
  readonly place: Place;
}

/** Puts the values in place of the parameters, as text: of two that begin at one place, the longer one is meant. */
export function fill(text: string, parameters: readonly string[], values: readonly string[]): string {
  const longestFirst = [...parameters.keys()].sort((a, b) => (parameters[b] ?? '').length - (parameters[a] ?? '').length);
  let filled = '';
  let at = 0;
  while (at < text.length) {
    const index = longestFirst.find((one) => parameters[one] !== '' && text.startsWith(parameters[one] ?? '', at));
    filled += index === undefined ? text[at] : values[index];
    at += index === undefined ? 1 : (parameters[index] ?? '').length;
  }
  return filled;
}
