import { oneLine } from '../config/visible.js';

/** What a worker that failed said itself. */
export interface Reason {
  /** The exception's last line, or whatever came last: `RuntimeError: no-such-setting`. */
  readonly text: string;
  /** Where that was, by the innermost line of the traceback: `/srv/shop/app.py:12`; null where there is none. */
  readonly place: string | null;
}

/** The runner's own last line (src/worker/_wsgictl_process.py), with the exception at its end. */
const OWN = /^wsgictl: (?:.*? could not be (?:loaded|warmed up): )?(.+)$/u;
const PLACE = /^\s+File "(.+)", line (\d+)/u;

/** The reason among the last lines of a worker, oldest first; null where it said nothing. */
export function reasonIn(lines: readonly string[]): Reason | null {
  // Whatever the app still says while Python ends is no reason.
  const own = lines.findLastIndex((line) => OWN.test(line));
  const until = own === -1 ? lines.length - 1 : own;
  const line = lines[until];
  if (line === undefined) return null;
  const [, file, number] = PLACE.exec(lines.slice(0, until).findLast((one) => PLACE.test(one)) ?? '') ?? [];
  return { text: oneLine(OWN.exec(line)?.[1] ?? line), place: file === undefined ? null : oneLine(`${file}:${number}`) };
}
