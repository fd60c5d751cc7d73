/**
 * What a member of the group wsgictl asks of root, on one line: `reload shop`, `rollback shop 7`. It carries no unit's
 * name, no job's mode and no option: whatever else stands there, or more than that, is no request.
 */
import { appNameFault } from '../config/name.js';

export type RollVerb = 'reload' | 'start' | 'restart';

export type Request =
  | { readonly verb: RollVerb | 'stop'; readonly app: string }
  /** `withdraw`: the rollback to that generation is not wanted any more, if no roll has begun it. */
  | { readonly verb: 'rollback' | 'withdraw'; readonly app: string; readonly generation: number };

/** The answer: the path of the job that systemd has queued, or why there is none. */
export type Answer =
  | { readonly job: string }
  /** systemd's own words, as Refused has them. */
  | { readonly refused: { readonly code: string; readonly message: string } }
  | { readonly error: string; readonly hint?: string };

/** The most bytes that a request has, its newline included. */
export const LONGEST_REQUEST = 100;

const LINE = /^(?:(reload|start|restart|stop) ([^ ]+)|(rollback|withdraw) ([^ ]+) ([1-9][0-9]{0,8}))$/;

export function requestLine(request: Request): string {
  return `${request.verb} ${request.app}${'generation' in request ? ` ${request.generation}` : ''}`;
}

/** The request that a line is, without its newline; null if it is none. */
export function parseRequest(line: string): Request | null {
  const [, verb, app, wish, wishApp, generation] = LINE.exec(line) ?? [];
  if (verb !== undefined && app !== undefined) return isName(app) ? { verb: verb as RollVerb | 'stop', app } : null;
  if (wish === undefined || wishApp === undefined || !isName(wishApp)) return null;
  return { verb: wish as 'rollback' | 'withdraw', app: wishApp, generation: Number(generation) };
}

function isName(app: string): boolean {
  return appNameFault(app) === null;
}
