import { createServer } from 'node:net';
import { existsSync, lstatSync, rmSync } from 'node:fs';
import { readListen, type Listen } from '../config/listen.js';
import { EXIT, UserError, type ExitCode } from '../errors.js';
import type { WantedSocket } from '../plan/plan.js';
import { sameForm, withAddresses } from '../plan/socket.js';
import { appUnit, socketUnit } from '../plan/names.js';
import { complain, say } from './report.js';
import type { Wire } from './wire.js';

/** Where the socket of an app listens; null where it does not. */
export async function listens(wire: Wire, app: string): Promise<readonly string[] | null> {
  const { active, listen } = await wire.systemd.unit(socketUnit(app));
  return active === 'active' ? listen.map(sameForm) : null;
}

/**
 * Moves an app's socket. systemd cannot reload a socket, and a daemon-reload after which the unit does not name the
 * held address any more would leave later workers without a socket. So both addresses are named, read, and opened by a
 * restart (systemd has the app follow, whether we live or not), and only then the old one is left out. Whoever ends
 * this command at any point, and whoever has systemd read its units then, leaves an app that serves: each step can be
 * done again, and the ledger knows until the last one that there was a move, so that the next `apply` finishes it.
 */
export async function moveSocket(wire: Wire, app: string, socket: WantedSocket): Promise<ExitCode> {
  const { systemd, units } = wire;
  const ledger = wire.ledger(app);
  const held = await listens(wire, app);
  const leave = [...(ledger.socketMove()?.from ?? []), ...(held ?? [])].filter((address) => !socket.addresses.includes(address));
  const before = units.socketDropIn(app);
  if (held !== null) {
    for (const address of socket.addresses) if (!held.includes(address)) await probe(address);
    ledger.setSocketMove({ from: [...new Set(leave)] });
    units.writeSocketDropIn(app, withAddresses(socket.text, [...new Set([...held, ...socket.addresses])]));
    await systemd.daemonReload();
    if (!(await reopen(wire, app))) {
      units.writeSocketDropIn(app, withAddresses(before, held));
      await systemd.daemonReload();
      await systemd.jobResult(await systemd.start(appUnit(app)));
      ledger.setSocketMove(null);
      complain(`${app}: cannot listen on ${socket.addresses.join(', ')}; it is back on ${held.join(', ')}: journalctl -u ${socketUnit(app)}`);
      return EXIT.rolledBack;
    }
  }
  units.writeSocketDropIn(app, socket.text);
  await systemd.daemonReload();
  return EXIT.done;
}

/** What is left to do when workers run that know the new addresses only. */
export function endMove(wire: Wire, app: string, socket: WantedSocket): void {
  const ledger = wire.ledger(app);
  // systemd leaves the file of a socket behind that it does not hold any more.
  for (const path of ledger.socketMove()?.from ?? []) {
    if (!path.startsWith('/') || socket.addresses.includes(path)) continue;
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
  }
  ledger.setSocketMove(null);
  say(`${app}: listens on ${socket.addresses.join(', ')}`);
}

/** Restarts the socket and with it the app, if that runs. Returns whether the socket is open. */
async function reopen(wire: Wire, app: string): Promise<boolean> {
  const { systemd } = wire;
  const before = await systemd.unit(appUnit(app));
  await systemd.jobResult(await systemd.restart(socketUnit(app)));
  if ((await systemd.unit(socketUnit(app))).active !== 'active') return false;
  // The app's own job comes after the socket's; one that is queued already is joined.
  if (before.active !== 'inactive') await systemd.jobResult(await systemd.start(appUnit(app)));
  return true;
}

/** An address that somebody else has would leave the app without any. Throws UserError. */
async function probe(address: string): Promise<void> {
  const listen: Listen = readListen(address);
  if (listen.kind === 'unix') {
    if (!existsSync(address)) return;
    throw new UserError(`cannot listen on ${address}: it exists already`, `is it in use? if not: rm ${address}`);
  }
  await new Promise<void>((resolve, reject) => {
    const server = createServer();
    const hint = 'choose another address';
    server.once('error', ({ code }: NodeJS.ErrnoException) => reject(new UserError(`cannot listen on ${address}: ${code}`, hint)));
    const options = listen.kind === 'inet' ? { host: listen.host, port: listen.port } : { path: `\0${listen.name}` };
    server.listen(options, () => server.close(() => resolve()));
  });
}
