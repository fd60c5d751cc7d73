import type { Job } from '../systemd/port.js';
import type { Wish } from './events.js';

/** What somebody asks of an app's next roll. It is taken by one roll, or by none. */
export interface Request {
  /** When it was made, in µs of CLOCK_MONOTONIC: no two have the same one. */
  readonly number: number;
  /** Null: what systemd's verb says, and no more. */
  readonly wish: Wish | null;
  /** The job that systemd queued for it, and when that was known, in ms of CLOCK_MONOTONIC; null until then. */
  readonly job: string | null;
  readonly queuedAt: number;
}

/** A run of ExecStart= or ExecReload=, as systemd has it. */
export interface Run {
  readonly job: Job | null;
  /** The paths of all queued jobs. */
  readonly jobs: ReadonlySet<string>;
  /** No later than systemd began it, in ms of CLOCK_MONOTONIC. */
  readonly since: number;
}

/** How long a request may be without a job while whoever made it asks systemd, in ms. */
export const ASKING = 5_000;

export interface Sorted {
  /** Those that this run is for. */
  readonly own: readonly Request[];
  /** Those that may be for the next run of the same job. */
  readonly later: readonly Request[];
  /** Those that may get their job any moment. */
  readonly asking: readonly Request[];
  /** Those whose job is gone, or never was: whoever made them has been told, or is no more. */
  readonly void: readonly Request[];
}

/**
 * Which requests a run is for. A reload that is asked for while another one runs is the same job: systemd calls it
 * `waiting` then, and runs it once more. What was asked for before this run began is its own, the rest is the next one's.
 * `now`: ms of CLOCK_MONOTONIC.
 */
export function sortRequests(requests: readonly Request[], { job, jobs, since }: Run, now: number): Sorted {
  const isAsking = (one: Request): boolean => one.job === null && now - one.number / 1000 < ASKING;
  const isMine = (one: Request): boolean => one.job !== null && one.job === job?.path;
  const mine = requests.filter(isMine);
  const own = job?.state === 'waiting' ? mine.filter(({ queuedAt }) => queuedAt < since) : mine;
  return {
    own,
    later: mine.filter((one) => !own.includes(one)),
    asking: requests.filter(isAsking),
    void: requests.filter((one) => (one.job === null ? !isAsking(one) : !isMine(one) && !jobs.has(one.job))),
  };
}

/** What a run has to go by. */
export interface Occasion {
  readonly verb: 'start' | 'reload';
  /** What is to be done at the next start: of an app that was stopped when something of it changed. */
  readonly standing: Wish | null;
  readonly current: number | null;
  /** Whether packages brought something else than what serves. */
  readonly isRenewed: boolean;
  /** Whether what serves was made of what was read later than what that generation was made of. */
  readonly isOutdated: (generation: number) => boolean;
}

/**
 * What a run does: of several requests the newest. Where a generation is outdated by the one that serves, that one stays.
 */
export function chosenWish(own: readonly Request[], { verb, standing, current, isOutdated, isRenewed }: Occasion): Wish {
  const wishes = own.flatMap(({ wish }) => wish ?? []);
  const usual: Wish = verb === 'reload' || current === null || isRenewed ? { kind: 'new' } : { kind: 'start' };
  // A start is part of everything; another number of workers is of what serves, and of what nobody changes now.
  const yields = (one: Wish): boolean => one.kind === 'start'
    || (one.kind === 'scale' && (one.of !== current || wishes.some(({ kind }) => kind === 'made' || kind === 'new')));
  const asked = [...wishes].reverse().find((one) => !yields(one)) ?? (wishes.length > 0 ? ({ kind: 'start' } as const) : null);
  const wish = asked ?? (verb === 'start' ? standing : null) ?? usual;
  if (wish.kind !== 'made') return wish;
  const generation = Math.max(...[wish, ...wishes].map((one) => (one.kind === 'made' ? one.generation : 0)));
  return generation === current || isOutdated(generation) ? { kind: 'start' } : { kind: 'made', generation };
}
