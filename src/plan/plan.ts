import type { DiffLine } from '../units/diff.js';
import { unitDiff } from '../units/diff.js';
import type { Generation } from './generation.js';
import type { Staged } from './stage.js';

/** What is known of an app before an `apply`. */
export interface Before {
  /** The committed generation and its unit, or null for an app that never ran. */
  readonly generation: Generation | null;
  readonly unitText: string | null;
  /** The wanted number of workers. */
  readonly processes: number;
  /** The socket's drop-in; null where there is none. */
  readonly socketText: string | null;
  /** Whether a roll was cut off, so that what runs is not what is known. */
  readonly unfinished: boolean;
}

export interface Change {
  readonly kind: 'new' | 'changed' | 'scaled' | 'unfinished' | 'unchanged';
  readonly app: string;
  /** Why it counts as changed, for people: a moved release, a socket that moves. */
  readonly reasons: readonly string[];
  readonly diff: readonly DiffLine[];
  /** The addresses or access of the socket change, which a roll cannot do. */
  readonly socketMoves: boolean;
  readonly processes: { readonly from: number; readonly to: number } | null;
}

/** What an `apply` would do to one app: two units that read the same are the same. */
export function planApp(staged: Staged, socketText: string | null, before: Before): Change {
  const { config } = staged;
  const wanted = config.workers.processes;
  if (before.generation === null || before.unitText === null) {
    return { kind: 'new', app: config.name, reasons: [], diff: [], socketMoves: false, processes: null };
  }
  const diff = unitDiff(before.unitText, staged.unitText);
  const socketMoves = !sameDirectives(before.socketText, socketText);
  const processes = before.processes === wanted ? null : { from: before.processes, to: wanted };
  const { directory } = before.generation;
  const reasons = [
    ...(directory !== staged.pinned.directory ? [`the release moved: ${directory ?? 'none'} -> ${staged.pinned.directory ?? 'none'}`] : []),
    ...(socketMoves ? ['the socket changes: clients must follow'] : []),
  ];
  const kind = diff.length > 0 || socketMoves ? 'changed' : processes !== null ? 'scaled' : before.unfinished ? 'unfinished' : 'unchanged';
  return { kind, app: config.name, reasons, diff, socketMoves, processes };
}

function sameDirectives(one: string | null, other: string | null): boolean {
  const directives = (text: string | null): string =>
    (text ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('#')).join('\n');
  return directives(one) === directives(other);
}
