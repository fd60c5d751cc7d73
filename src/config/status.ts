import { BadValue } from './fault.js';

/** HTTP statuses, both ends included. */
export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

/** `200-399`, or several with commas between them: `200, 301-302`. */
export function readStatuses(text: string): readonly StatusRange[] {
  return text.split(',').map((part) => {
    const found = /^\s*(\d{3})\s*(?:-\s*(\d{3})\s*)?$/u.exec(part);
    if (found === null) throw new BadValue('is not a list of HTTP statuses', 'such as 200-399 or 200, 302');
    const from = Number(found[1]);
    const to = Number(found[2] ?? found[1]);
    if (from < 100 || to > 599) throw new BadValue('has a status outside of 100 to 599');
    if (from > to) throw new BadValue(`has a range that ends before it begins: ${from}-${to}`);
    return { from, to };
  });
}
