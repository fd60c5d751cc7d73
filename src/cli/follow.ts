import type { Ledger } from '../host/ledger.js';
import type { Queued } from '../plan/request.js';
import { last, type RollEvent } from '../roll/events.js';
import { Refused, type JobResult, type Systemd } from '../systemd/port.js';
import { insist } from './insist.js';

export interface Follow {
  readonly ledger: Ledger;
  readonly systemd: Systemd;
  /** The app's unit. */
  readonly unit: string;
  /** Queues the job that makes systemd run a roll. */
  readonly ask: () => Promise<Queued>;
  /** Whether systemd may take it for done without having done it: not a restart. */
  readonly mayBeDropped?: boolean;
  /** The last roll is the one to follow, whoever asked for it. */
  readonly joins: boolean;
  /** Called for each event of the roll. */
  readonly show: (event: RollEvent) => void;
  /** Return at the commit: the drain of the old workers is not waited for. */
  readonly untilCommit: boolean;
}

export type Answer =
  | { readonly kind: 'ended'; readonly end: Extract<RollEvent, { kind: 'end' }>; readonly events: readonly RollEvent[] }
  | { readonly kind: 'committed'; readonly events: readonly RollEvent[] }
  /** It has no end, and goes on no more: it was killed. */
  | { readonly kind: 'cut-off' }
  /** systemd ended each of the jobs, the last one so, and no roll took the request: `canceled` by a stop, for instance. */
  | { readonly kind: 'no-roll'; readonly result: JobResult };

/** How often a request that systemd dropped is made again, and how often files are looked at, in ms. */
const ASKS = 5;
const GLANCE = 100;
/** How long systemd may not answer, in ms: a lost connection is no end of a roll. */
const PATIENCE = 120_000;

/**
 * Asks for a roll and follows it to its end. systemd drops a reload of what is just starting, and merges those that
 * wait; so what counts is which roll has *taken* the request, which its `begin` says.
 */
export async function follow({ ledger, systemd, unit, joins, ask, show, untilCommit, mayBeDropped = true }: Follow): Promise<Answer> {
  const before = ledger.lastRoll();
  const requests = new Set<number>();
  let roll = joins ? before : null;
  let shown = 0;
  for (let asked = 1; ; asked++) {
    const queued = await ask();
    if (queued.request !== null) requests.add(queued.request);
    let job: JobEnd = waitFor(systemd, queued.job);
    for (;;) {
      // Read after this, the files are complete if the job had ended by now.
      const over = job.result;
      roll ??= ledger.rolls().find((number) => number > before && last(ledger.events(number), 'begin')?.requests?.some((one) => requests.has(one)) === true) ?? null;
      const events = roll === null ? [] : ledger.events(roll);
      for (const event of events.slice(shown)) show(event);
      shown = events.length;
      const end = last(events, 'end');
      if (end !== null) {
        // So that the unit is at rest for whoever comes next; a job that others joined may last longer.
        await Promise.race([job.over, sleep(3000)]);
        return { kind: 'ended', end, events };
      }
      if (untilCommit && last(events, 'commit') !== null) return { kind: 'committed', events };
      if (over !== null && roll === null) {
        // What failed may have been the end of an attempt that systemd was at when we asked.
        const asks = over === 'done' || over === 'unknown' ? (mayBeDropped ? ASKS : 1) : over === 'failed' ? 2 : 1;
        if (asked < asks) break;
        return { kind: 'no-roll', result: over };
      }
      if (over !== null && roll !== null) {
        // We may have lost sight of the job, or it had another one after it.
        const next = await insist(() => systemd.unit(unit), PATIENCE);
        if (next.job === null && last(ledger.events(roll), 'end') === null) return { kind: 'cut-off' };
        if (next.job !== null) job = waitFor(systemd, next.job);
      }
      await sleep(GLANCE);
    }
  }
}

interface JobEnd {
  result: JobResult | null;
  readonly over: Promise<void>;
}

/** What becomes of a job, if there is one: `unknown` if systemd has ended it, and did not tell us how. */
function waitFor(systemd: Systemd, path: string): JobEnd {
  const result = path === '' ? Promise.resolve('unknown') : insist(() => systemd.jobResult(path), PATIENCE).catch(() => 'unknown');
  const job: JobEnd = { result: null, over: result.then((value) => void (job.result = value)) };
  return job;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether systemd refused a job since the unit is not active. */
export function notActive(error: unknown): boolean {
  return error instanceof Refused && /not active/i.test(error.message);
}
