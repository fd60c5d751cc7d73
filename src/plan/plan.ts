import type { AppConfig } from '../config/settings.js';
import type { DiffLine } from '../units/diff.js';
import { unitDiff } from '../units/diff.js';
import type { Generation } from './generation.js';
import { mustClose, sameAddresses } from './socket.js';
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
  /** The path unit that watches for a touch; null where there is none. */
  readonly touchText: string | null;
  /** Where the socket listens; null where it does not. */
  readonly listens: readonly string[] | null;
  /** Whether its path has another mode or owner than systemd would give it. */
  readonly socketDrifted?: boolean;
  /** Whether a move of the socket was cut off. */
  readonly moving: boolean;
  /** How systemd is to start it; null where it is not to. */
  readonly activation?: AppConfig['app']['activation'] | null;
  /** Where a roll under way leads to. */
  readonly underWay: { readonly unitText: string | null; readonly processes: number } | null;
  /** Whether a roll was cut off, so that what runs is not what is known. */
  readonly unfinished: boolean;
}

export interface Change {
  readonly kind: 'new' | 'changed' | 'under-way' | 'scaled' | 'unfinished' | 'unchanged';
  readonly app: string;
  /** Why it counts as changed, for people: a moved release, a socket that moves. */
  readonly reasons: readonly string[];
  readonly diff: readonly DiffLine[];
  /** The addresses of the socket change, which a roll cannot do. */
  readonly socketMoves: boolean;
  /** Whatever else of it changes: that is done in place, and no client notices. */
  readonly socketChanges?: true;
  readonly processes: { readonly from: number; readonly to: number } | null;
  /** It is to be started in another way from now on: at boot, or by its first connection. */
  readonly activates?: true;
}

/** How the socket of an app should be. */
export interface WantedSocket {
  readonly text: string | null;
  readonly addresses: readonly string[];
}

/**
 * What an `apply` would do to one app: two units that read the same are the same. `touch`: its path unit, or null; that
 * is changed without a roll.
 */
export function planApp(staged: Staged, socket: WantedSocket, touch: string | null, before: Before): Change {
  const { config } = staged;
  const wanted = config.workers.processes;
  const moves = before.moving || !sameAddresses(config.name, before.socketText, socket.text);
  const inPlace = !moves && (before.socketDrifted === true || directives(before.socketText).join() !== directives(socket.text).join());
  const { activation = null } = before;
  const activates = activation !== null && activation !== config.app.activation;
  const also = { ...(inPlace ? { socketChanges: true as const } : {}), ...(activates ? { activates: true as const } : {}) };
  const watches = differences(before.touchText, touch);
  if (before.underWay?.unitText === staged.unitText && before.underWay.processes === wanted && !moves && !inPlace && !activates) {
    return { kind: 'under-way', app: config.name, reasons: watches, diff: [], socketMoves: false, processes: null };
  }
  if (before.generation === null || before.unitText === null) {
    return { kind: 'new', app: config.name, reasons: [], diff: [], socketMoves: false, processes: null };
  }
  const diff = unitDiff(before.unitText, staged.unitText);
  const processes = before.processes === wanted ? null : { from: before.processes, to: wanted };
  const { directory, template } = before.generation;
  const reasons = [
    ...(directory !== staged.pinned.directory ? [`the release moved: ${directory ?? 'none'} -> ${staged.pinned.directory ?? 'none'}`] : []),
    ...(template !== staged.template.digest && diff.length > 0 ? [`the template changed: ${staged.template.file}`] : []),
    ...(moves ? socketReasons(socket, before) : []),
    ...(inPlace ? ['the socket changes in place: no client notices', ...differences(before.socketText, socket.text)] : []),
    ...(activates ? [`activation: ${activation} -> ${config.app.activation}`] : []),
    ...watches,
  ];
  const kind = diff.length > 0 || moves ? 'changed' : processes !== null ? 'scaled' : before.unfinished ? 'unfinished'
    : watches.length > 0 || inPlace || activates ? 'changed' : 'unchanged';
  return { kind, app: config.name, reasons, diff, socketMoves: moves, ...also, processes };
}

/** What moves the socket, and what that does to its clients. */
function socketReasons({ text, addresses }: WantedSocket, { socketText, listens, moving }: Before): string[] {
  const from = listens?.join(', ');
  const what = from === undefined ? 'the socket changes'
    : from === addresses.join(', ') && !moving ? 'the socket is opened anew: clients wait a moment, those still queued are cut off'
    : `the socket moves: ${from} -> ${addresses.join(', ')}: clients must follow; they wait a moment, those still queued are cut off${mustClose(listens ?? [], addresses) ? '. The old one is closed before the new one is opened' : ''}`;
  return [what, ...differences(socketText, text)];
}

/** The directives that only one of two units has. */
function differences(from: string | null, to: string | null): string[] {
  const [before, after] = [directives(from), directives(to)];
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
}

function directives(text: string | null): string[] {
  return (text ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('['));
}
