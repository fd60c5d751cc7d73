import type { Ledger } from '../host/ledger.js';
import { appUnit } from '../plan/names.js';
import { last, type Wish } from '../roll/events.js';
import { chosenWish, sortRequests, type Request, type Sorted } from '../roll/requests.js';
import { insist } from './insist.js';
import { isRenewed } from './renewed.js';
import { monotonic, type Wire } from './wire.js';

export interface Taken {
  readonly wish: Wish;
  readonly requests: readonly Request[];
}

/**
 * What a run of ExecStart= or ExecReload= is to do, and the requests that it does it for. Null: whatever was asked for is
 * for the next run, which systemd has queued. They are dropped when `begin` names them.
 */
export async function takeRequests(wire: Wire, ledger: Ledger, verb: 'start' | 'reload'): Promise<Taken | null> {
  const sorted = await insist(() => sort(wire, ledger));
  const { own, later, since } = sorted ?? { own: [], later: [], since: 0 };
  // One that was made before this run began may have begun it; else somebody's plain reload did, and has its run.
  if (own.length === 0 && later.some(({ number }) => number / 1000 < since)) return null;
  // A reload makes of the INI file whatever an apply of it would, or does what is more urgent.
  const standing = ledger.takeWish();
  const current = ledger.current();
  const serving = current === null ? null : ledger.generation(current);
  // What was made in the future says nothing: the clock was wrong.
  const isOutdated = (number: number): boolean => serving !== null && serving.createdAt <= new Date().toISOString() && serving.createdAt > (ledger.generation(number)?.createdAt ?? '');
  return { wish: chosenWish(own, { verb, standing, current, isOutdated, isRenewed: verb === 'start' && isRenewed(wire, ledger) }), requests: own };
}

/** Null without any. */
async function sort(wire: Wire, ledger: Ledger): Promise<(Sorted & { readonly since: number }) | null> {
  const { systemd } = wire;
  const requests = wire.requests(ledger.app);
  const began = monotonic();
  for (;;) {
    // Before systemd is asked: what comes from now on makes our job wait for another run.
    const there = requests.all();
    if (there.length === 0) return null;
    const { unit, job } = await systemd.withJob(await systemd.unit(appUnit(ledger.app)));
    const sorted = sortRequests(there, { job, jobs: await systemd.jobs(), since: unit.changedAt }, monotonic());
    for (const { number } of sorted.void) requests.drop(number);
    // Those that come later are for a later run, if this is not theirs.
    if (sorted.asking.some(({ number }) => number / 1000 < began)) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    // A roll that was killed may have taken them, and not dropped them.
    const taken = last(ledger.events(ledger.lastRoll()), 'begin')?.requests ?? [];
    return { ...sorted, since: unit.changedAt, own: sorted.own.filter(({ number }) => !taken.includes(number)) };
  }
}
