import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import type { Places } from '../host/places.js';
import { REQUESTS } from '../plan/names.js';
import { READY, requestLine, type Answer, type Queued, type Request } from '../plan/request.js';
import { Refused } from '../systemd/port.js';
import { complain } from './report.js';

/** How long a request is tried again where the socket is closed or has enough to do, in ms; and for an answer, as root's side has. */
const PATIENCE = 60_000;
/** The most that an answer has, in characters. */
const LONGEST_ANSWER = 10_000;

/**
 * Has root do what a member of the group wsgictl asks for: by the socket that systemd holds for that, wsgi-request.socket.
 * Throws UserError, or Refused with systemd's words.
 */
export async function askRoot({ runtime }: Places, request: Request): Promise<Queued> {
  const path = join(runtime, 'request');
  const began = Date.now();
  for (let pause = 250; ; pause = Math.min(2 * pause, 4000)) {
    const text = await exchange(path, `${requestLine(request)}\n`).catch((error: unknown) => {
      throw explained(error, path, request);
    });
    if (text === '') throw new UserError(`cannot tell what became of the ${request.verb} of ${request.app}: root's side ended without an answer`, `wsgictl status ${request.app}`);
    if (text !== null) return answered(text);
    if (Date.now() - began > PATIENCE) {
      throw new UserError(`cannot ${request.verb} ${request.app}: ${REQUESTS} is stopped, or has too much to do`, `systemctl status ${REQUESTS}`);
    }
    if (pause === 1000) complain(`${request.app}: ${REQUESTS} has no time now; trying again`);
    // Not all at once again.
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
  }
}

/**
 * What root says to a line; an empty string if that was lost. Null if the line was not sent, since nobody was ready for it:
 * then it can be tried again.
 */
export function exchange(path: string, line: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    let text = '';
    let sent = false;
    const peer = connect({ path });
    peer.setEncoding('utf8').setTimeout(PATIENCE, () => peer.destroy());
    peer.on('data', (more: string) => {
      text += more;
      if (text.length > LONGEST_ANSWER) peer.destroy();
      if (sent || !text.startsWith(`${READY}\n`)) return;
      sent = true;
      text = text.slice(READY.length + 1);
      peer.write(line);
    });
    peer.once('error', (error: NodeJS.ErrnoException) => {
      if (!['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EAGAIN'].includes(error.code ?? '')) reject(error);
    });
    peer.once('close', () => resolve(!sent ? null : text.endsWith('\n') ? text : ''));
  });
}

function answered(text: string): Queued {
  const answer = JSON.parse(text) as Answer;
  if ('job' in answer) return answer;
  if ('refused' in answer) throw new Refused(answer.refused.code, answer.refused.message);
  throw new UserError(answer.error, answer.hint);
}

function explained(error: unknown, path: string, { verb, app }: Request): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new UserError(`cannot ${verb} ${app} without root: there is no ${path}`, `as root: systemctl start ${REQUESTS}`);
  if (code !== 'EACCES') return error;
  const group = statSync(path).gid === 0 ? `groupadd --system wsgictl; systemctl restart ${REQUESTS}; ` : '';
  return new UserError(
    `cannot ${verb} ${app}: that needs root, or the group wsgictl`,
    `as root: ${group}usermod --append --groups wsgictl ${userInfo().username}; then log in again`,
  );
}
