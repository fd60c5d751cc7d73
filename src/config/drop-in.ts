import { lifeOf } from './service.js';

/** The kinds of units that a drop-in can reach. */
export type UnitKind = 'worker' | 'handle' | 'socket';

type Rows = readonly (readonly [names: RegExp, instead: string])[];

/** What any of them would not survive, in [Unit]. */
const UNIT: Rows = [
  [/^StartLimit/, 'a start limit would close the socket of all workers'],
  [/^(Job\w*Timeout\w*|StopWhenUnneeded|CollectMode|RefuseManual(Start|Stop)|SourcePath)$/, 'wsgictl relies on its own'],
];

const SOCKET: Rows = [
  [/^Listen\w+$/, 'use [socket] listen'],
  [/^Socket(Mode|User|Group)$/, 'use [socket] mode, user and group'],
  [/^Backlog$/, 'use [socket] backlog'],
  [/^(Accept|MaxConnections\w*|Service)$/, 'the workers accept connections themselves'],
  [/^(FlushPending|RemoveOnStop|TriggerLimit\w+|PollLimit\w+)$/, 'what waits at the socket would be lost'],
  [/^ExecStart(Pre|Post)$/, 'wsgictl looks there whether root may make the socket'],
];

/** Why a directive in a drop-in breaks what wsgictl promises of such a unit, or what to use instead; null where it does not. */
export function breaks(kind: UnitKind, section: string, name: string): string | null {
  if (section === 'Unit') return find(UNIT, name);
  if (kind === 'socket') return section === 'Socket' ? find(SOCKET, name) : null;
  if (section !== 'Service') return null;
  const instead = lifeOf(name);
  return instead === null || kind === 'worker' ? instead : 'rolls and stops run in that unit, and take the time that they take';
}

/** Lines of these names add up, rather than that the last one counts. */
export function isList(name: string): boolean {
  return /^(Exec|Listen|Sockets$|Restart\w+ExitStatus$|SuccessExitStatus$|OpenFile$)/u.test(name);
}

function find(rows: Rows, name: string): string | null {
  return rows.find(([names]) => names.test(name))?.[1] ?? null;
}
