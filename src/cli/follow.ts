import type { Ledger } from '../host/ledger.js';
import { last, type RollEvent } from '../roll/events.js';
import { Refused, type JobResult, type Systemd } from '../systemd/port.js';

export interface Follow {
  readonly ledger: Ledger;
  readonly systemd: Systemd;
  /** Queues the job that makes systemd run a roll; returns the job. */
  readonly ask: () => Promise<string>;
  /** The last roll counts as an answer too: it is the one to follow. */
  readonly joins: boolean;
  /** Called for each event of each roll that began after the first ask. */
  readonly show: (event: RollEvent, roll: number) => void;
  /** Return at the commit: the drain of the old workers is not waited for. */
  readonly untilCommit: boolean;
}

export type Answer =
  /** The end of the first roll that began after we asked. */
  | { readonly kind: 'ended'; readonly end: Extract<RollEvent, { kind: 'end' }>; readonly events: readonly RollEvent[] }
  | { readonly kind: 'committed' }
  /** systemd ended the job and no roll ran: `canceled` by a stop, for instance. */
  | { readonly kind: 'no-roll'; readonly result: JobResult };

/** How often a request that systemd dropped is made again, and how often files are looked at, in ms. */
const ASKS = 5;
const GLANCE = 100;

/**
 * Asks for a roll and follows it to its end. systemd drops a reload of what is just starting, and merges those that
 * wait; so what counts is that a roll *began* after we asked, which the sequence numbers in the ledger tell.
 */
export async function follow({ ledger, systemd, joins, ask, show, untilCommit }: Follow): Promise<Answer> {
  const before = ledger.lastRoll() - (joins ? 1 : 0);
  const shown = new Map<number, number>();
  for (let asked = 1; ; asked++) {
    let result: JobResult | null = null;
    const job = await ask();
    const jobEnd = systemd.jobResult(job).then((value) => (result = value), () => (result = 'unknown'));
    for (;;) {
      // Read after this, the files are complete if the job had ended by now.
      const over: JobResult | null = result;
      for (const roll of ledger.rolls().filter((number) => number > before)) {
        const events = ledger.events(roll);
        for (const event of events.slice(shown.get(roll) ?? 0)) show(event, roll);
        shown.set(roll, events.length);
        const end = last(events, 'end');
        if (end !== null) {
          // So that the unit is at rest for whoever comes next; a job that others joined may last longer.
          await Promise.race([jobEnd, sleep(3000)]);
          return { kind: 'ended', end, events };
        }
        if (untilCommit && last(events, 'commit') !== null) return { kind: 'committed' };
      }
      if (over !== null) {
        // What failed may have been the end of an attempt that systemd was at when we asked.
        const asks = over === 'done' ? ASKS : over === 'failed' ? 2 : 1;
        if (shown.size === 0 && asked < asks) break;
        return { kind: 'no-roll', result: over };
      }
      await sleep(GLANCE);
    }
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether systemd refused a job since the unit is not active. */
export function notActive(error: unknown): boolean {
  return error instanceof Refused && /not active/i.test(error.message);
}
