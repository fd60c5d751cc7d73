/**
 * What a member of the group wsgictl asks of root, on one line: `reload shop`, `rollback shop 7`. It carries no unit's
 * name, no job's mode and no option: whatever else stands there, or more than that, is no request. Root's side says
 * READY first: who has read that, and no answer to the line, does not know what became of it.
 */
import { appNameFault } from '../config/name.js';

export type RollVerb = 'reload' | 'start' | 'restart';

export type Request =
  | { readonly verb: RollVerb | 'stop'; readonly app: string }
  | { readonly verb: 'rollback'; readonly app: string; readonly generation: number };

/** The job that systemd has queued, by its path, and the number of the request that a roll will name; null for a stop. */
export interface Queued {
  readonly job: string;
  readonly request: number | null;
}

/** The answer: the job, or why there is none. */
export type Answer =
  | Queued
  /** systemd's own words, as Refused has them. */
  | { readonly refused: { readonly code: string; readonly message: string } }
  | { readonly error: string; readonly hint?: string };

export const READY = 'ready';

/** The most bytes that a request has, its newline included. */
export const LONGEST_REQUEST = 100;

const LINE = /^(?:(reload|start|restart|stop) ([^ ]+)|rollback ([^ ]+) ([1-9][0-9]{0,8}))$/;

export function requestLine(request: Request): string {
  return `${request.verb} ${request.app}${'generation' in request ? ` ${request.generation}` : ''}`;
}

/** The request that a line is, without its newline; null if it is none. */
export function parseRequest(line: string): Request | null {
  const [, verb, app, rollbackApp, generation] = LINE.exec(line) ?? [];
  if (verb !== undefined && app !== undefined) return isName(app) ? { verb: verb as RollVerb | 'stop', app } : null;
  if (rollbackApp === undefined || !isName(rollbackApp)) return null;
  return { verb: 'rollback', app: rollbackApp, generation: Number(generation) };
}

function isName(app: string): boolean {
  return appNameFault(app) === null;
}
