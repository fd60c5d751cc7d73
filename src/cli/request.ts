import { spawnSync } from 'node:child_process';
import { EXIT, fileTrouble, UserError, type ExitCode } from '../errors.js';
import { LONGEST_REQUEST, parseRequest, READY, requestLine, type Answer, type Request } from '../plan/request.js';
import { Refused } from '../systemd/port.js';
import { queue } from './queue.js';
import { complain, complainLines, say } from './report.js';
import { rollbackTarget } from './roll-commands.js';
import type { Wire } from './wire.js';

/** How long who has connected may take to say what is wanted, in ms. */
const PATIENCE = 3_000;

/**
 * ExecStart= of wsgi-request@.service: standard input and output are a connection of a member of the group wsgictl, and
 * standard error is the journal. Has systemd queue what is asked for and answers with the job; who asked follows it.
 * `instance`: what systemd calls the connection, with the number of that user last.
 */
export async function answerRequest(wire: Wire, instance: string): Promise<ExitCode> {
  const who = userOf(instance);
  say(READY);
  const line = await readLine(process.stdin);
  const request = line === null || who === null ? null : parseRequest(line);
  if (request === null) complain(`${who ?? 'somebody'}: refused, since that is no request`);
  else complain(`${who}: ${requestLine(request)}`);
  const answer = request === null ? { error: 'that is no request' } : await carryOut(wire, request);
  if (request !== null && !('job' in answer)) complain(`${who}: ${requestLine(request)}: not done`);
  say(JSON.stringify(answer));
  return EXIT.done;
}

/** A user's name and number, as the journal is to have them; null where the kernel does not tell who it is. */
function userOf(instance: string): string | null {
  const uid = /-([0-9]+)$/.exec(instance)?.[1];
  if (uid === undefined) return null;
  const name = spawnSync('id', ['-nu', uid], { encoding: 'utf8', timeout: 10_000 }).stdout?.trim();
  return `${name || 'a user'} (uid ${uid})`;
}

async function carryOut(wire: Wire, request: Request): Promise<Answer> {
  try {
    assertPossible(wire, request);
    return await queue(wire, request);
  } catch (error) {
    if (error instanceof UserError) return { error: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
    if (error instanceof Refused) return { refused: { code: error.code, message: error.message } };
    complainLines((error as Error).stack ?? String(error));
    return { error: `cannot ${request.verb} ${request.app}: ${fileTrouble(error)?.message ?? (error as Error).message}`, hint: 'journalctl -t wsgi-request' };
  }
}

/** Only what was applied before can be asked for. Throws UserError. */
function assertPossible(wire: Wire, { app, ...request }: Request): void {
  wire.assertApp(app);
  const ledger = wire.ledger(app);
  if (request.verb === 'stop' ? !ledger.exists() : ledger.current() === null) throw new UserError(`${app} never ran`, `as root: wsgictl apply ${app}`);
  if (request.verb === 'rollback') rollbackTarget(wire, app, String(request.generation));
}

/** The line that all of the input is, without its newline; null where it is anything else, or late. */
function readLine(input: NodeJS.ReadStream): Promise<string | null> {
  return new Promise((resolve) => {
    let read = Buffer.alloc(0);
    const end = (line: string | null): void => {
      clearTimeout(late);
      input.destroy();
      resolve(line);
    };
    const late = setTimeout(() => end(null), PATIENCE);
    input.on('error', () => end(null));
    input.on('end', () => end(null));
    input.on('data', (more: Buffer) => {
      read = Buffer.concat([read, more]);
      const newline = read.indexOf('\n');
      if (newline !== -1) end(newline === read.length - 1 && newline < LONGEST_REQUEST ? read.toString('latin1', 0, newline) : null);
      else if (read.length >= LONGEST_REQUEST) end(null);
    });
  });
}
