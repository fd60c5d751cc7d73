import { broughtNow } from '../host/brought.js';
import type { Ledger } from '../host/ledger.js';
import type { Trusted } from '../host/trust.js';
import type { Change } from '../plan/plan.js';
import { generationOf, type Staged } from '../plan/stage.js';
import { last, type Wish } from '../roll/events.js';
import { reserve } from './make-generation.js';
import type { Wire } from './wire.js';

/** A generation that an `apply` shows, to be brought up as it was shown, whatever changes meanwhile. */
export interface Made {
  readonly number: number;
  readonly text: Trusted;
  /** When it was read: ISO 8601, UTC. */
  readonly readAt: string;
  /** Whether an earlier apply has made it, for the next start. */
  readonly recorded: boolean;
}

/** Takes the number of the generation that a change makes; null where it makes none. What is shown later has a higher one. */
export async function makeRoom(wire: Wire, staged: Staged, text: Trusted, readAt: string, change: Change): Promise<Made | null> {
  const rolls = change.kind === 'new' || (change.kind === 'changed' && (change.diff.length > 0 || change.socketMoves));
  if (!rolls) return null;
  const ledger = wire.ledger(staged.config.name);
  const waiting = standing(ledger);
  const same = waiting !== null && ledger.unitText(waiting) === staged.unitText && ledger.generation(waiting)?.processes === staged.config.workers.processes;
  return { number: same ? waiting : await reserve(wire, ledger), text, readAt, recorded: same };
}

/** It is not wanted after all. */
export function giveBack(wire: Wire, app: string, { number, recorded }: Made): void {
  if (!recorded) wire.ledger(app).giveBack(number);
}

/** What was shown is what is rolled. */
export function wishFor(wire: Wire, staged: Staged, made: Made | null): Wish {
  return made === null ? { kind: 'new' } : record(wire, staged, made);
}

/** Whether a first release has been tried since a roll, and that said no. Without such an end, systemd may still be at it. */
export function hasFailed(wire: Wire, app: string, before: number): boolean {
  const ledger = wire.ledger(app);
  const outcomes = ledger.rolls().filter((roll) => roll > before).map((roll) => last(ledger.events(roll), 'end')?.outcome);
  return ledger.current() === null && outcomes.some((outcome) => outcome === 'failed' || outcome === 'rolled-back');
}

/** Records it, just before it is asked for. */
function record(wire: Wire, staged: Staged, made: Made): Wish {
  const { config, pinned, unitText } = staged;
  if (!made.recorded) wire.ledger(config.name).record(generationOf(staged, made.number, made.readAt, broughtNow(wire.places, config.name, pinned.directory)), unitText, made.text, pinned.kept);
  return { kind: 'made', generation: made.number };
}

/** Records it for the next start of an app that does not run. */
export function recordForStart(wire: Wire, staged: Staged, made: Made): void {
  const ledger = wire.ledger(staged.config.name);
  const before = standing(ledger);
  // Another apply has shown a later one meanwhile.
  if (before !== null && before > made.number) return giveBack(wire, staged.config.name, made);
  ledger.wish(record(wire, staged, made));
  if (before !== null && before !== made.number) ledger.dropGeneration(before);
}

/** Nothing is to change at the next start any more. That code was replaced in place still counts. */
export function withdraw(wire: Wire, app: string): void {
  const ledger = wire.ledger(app);
  const number = standing(ledger);
  if (number === null) return;
  ledger.takeWish();
  ledger.dropGeneration(number);
}

function standing(ledger: Ledger): number | null {
  const wish = ledger.standing();
  return wish?.kind === 'made' ? wish.generation : null;
}
