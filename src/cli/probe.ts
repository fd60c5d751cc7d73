import { lstatSync } from 'node:fs';
import { createServer } from 'node:net';
import { readListen, type Listen } from '../config/listen.js';
import { UserError } from '../errors.js';
import { holderOf, isListening, isSameFile, listenersAt } from '../host/listeners.js';
import { cannotBoth } from '../plan/socket.js';

/**
 * Looks whether an app can have an address: systemd takes a path even from a server that runs, and an address that somebody
 * else has would leave the app without any. `held`: where the app listens already. Throws UserError.
 */
export async function probe(address: string, held: readonly string[]): Promise<void> {
  // It is its own, and is closed before this one is opened.
  if (held.some((one) => isInTheWay(one, address))) return;
  const listen = readListen(address);
  if (listen.kind === 'unix') await probePath(address);
  else await probeBind(address, listen);
}

/** Whether one of an app's addresses must be closed before another one can be opened. */
export function isInTheWay(held: string, address: string): boolean {
  return cannotBoth(held, address) || (held.startsWith('/') && address.startsWith('/') && isSameFile(held, address));
}

async function probePath(path: string): Promise<void> {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) throw new UserError(`cannot listen on ${path}: there is something that is no socket`, `see what it is: ls -ld ${path}`);
  // What nobody listens at was left behind, and systemd removes it.
  if (!(await isListening(path))) return;
  const holder = holderOf(listenersAt(path));
  throw new UserError(`cannot listen on ${path}: ${holder ?? 'another program'} listens there`, 'choose another path, have the proxy ask there, and stop the other program then');
}

async function probeBind(address: string, listen: Exclude<Listen, { kind: 'unix' }>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const server = createServer();
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const hint = code === 'EADDRNOTAVAIL' ? 'this machine has no such address now: ip address' : 'choose another address';
      reject(new UserError(`cannot listen on ${address}: ${code}`, hint));
    });
    const options = listen.kind === 'inet' ? { host: listen.host, port: listen.port } : { path: `\0${listen.name}` };
    server.listen(options, () => server.close(() => resolve()));
  });
}
