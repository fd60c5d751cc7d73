import { EXIT, type ExitCode } from '../errors.js';

/** Why a roll runs. */
export type Wish =
  /** Bring up the committed generation. */
  | { readonly kind: 'start' }
  /** Make a generation from the INI file. */
  | { readonly kind: 'new' }
  /** Bring up a generation that an `apply` has made: what it showed. */
  | { readonly kind: 'made'; readonly generation: number }
  | { readonly kind: 'rollback'; readonly to: number }
  /** Only the number of workers changed, from that of the generation `of`. */
  | { readonly kind: 'scale'; readonly processes: number; readonly of: number };

export type Outcome = 'done' | 'rolled-back' | 'failed' | 'stopped';

/**
 * What a roll writes, a line of JSON each, while it goes on: its journal (what the next run must finish or undo), its
 * outcome for whoever asked for it, and what a terminal shows, in one file. Times are ms since 1970. `begin` names the
 * requests that the roll has taken: whoever made one of them knows by that which roll is theirs.
 */
export type RollEvent =
  | { readonly at: number; readonly kind: 'begin'; readonly wish: Wish; readonly requests?: readonly number[]; readonly from: number | null; readonly pid: number }
  | { readonly at: number; readonly kind: 'generation'; readonly generation: number; readonly processes: number }
  | { readonly at: number; readonly kind: 'worker'; readonly unit: string; readonly phase: string; readonly note?: string }
  | { readonly at: number; readonly kind: 'waiting'; readonly for: string }
  | { readonly at: number; readonly kind: 'note'; readonly text: string }
  | { readonly at: number; readonly kind: 'commit'; readonly generation: number }
  | { readonly at: number; readonly kind: 'failure'; readonly reason: string; readonly said?: string; readonly unit?: string; readonly invocation?: string }
  /** `said`: why, in the words of the worker that failed. `noSocket`: it found none, which says nothing of the release. */
  | { readonly at: number; readonly kind: 'end'; readonly outcome: Outcome; readonly exit: ExitCode; readonly text: string; readonly said?: string; readonly noSocket?: true; readonly calls?: number };

type Unstamped<E> = E extends unknown ? Omit<E, 'at'> : never;
export type NewEvent = Unstamped<RollEvent>;

/** The last event of a kind. */
export function last<K extends RollEvent['kind']>(events: readonly RollEvent[], kind: K): Extract<RollEvent, { kind: K }> | null {
  for (let at = events.length - 1; at >= 0; at--) {
    const event = events[at] as RollEvent;
    if (event.kind === kind) return event as Extract<RollEvent, { kind: K }>;
  }
  return null;
}

/**
 * Where the failed roll stands, among those that have ended, newest first, that nothing since has made good: -1 for none.
 * A start and another number of workers bring up what is committed, so they say nothing of a release that had failed; but
 * where it failed for want of a socket, they have it again.
 */
export function standingFailure(rolls: Iterable<readonly RollEvent[]>): number {
  let servedSince = false;
  let at = 0;
  for (const events of rolls) {
    const end = last(events, 'end');
    const wish = last(events, 'begin')?.wish.kind ?? 'new';
    const keeps = wish === 'start' || wish === 'scale';
    if (end !== null && end.exit !== EXIT.done && end.outcome !== 'stopped') {
      if (!((keeps || end.noSocket === true) && servedSince)) return at;
    } else if (end?.outcome === 'done') {
      if (!keeps) return -1;
      servedSince = true;
    }
    at++;
  }
  return -1;
}
