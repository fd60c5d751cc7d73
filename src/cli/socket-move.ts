import { lstatSync, rmSync } from 'node:fs';
import { EXIT, type ExitCode } from '../errors.js';
import { isSameFile } from '../host/listeners.js';
import type { WantedSocket } from '../plan/plan.js';
import { addressesOf, sameForm, withAddresses } from '../plan/socket.js';
import { appUnit, socketUnit } from '../plan/names.js';
import { distrustListen } from './openable.js';
import { isInTheWay, probe } from './probe.js';
import { complain, say } from './report.js';
import { monotonic, type Wire } from './wire.js';

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
  const isWanted = (address: string): boolean => socket.addresses.includes(address);
  const makesWay = (address: string): boolean => !isWanted(address) && socket.addresses.some((one) => isInTheWay(address, one));
  // One that root must not make again, or that is in the way of a new one, is left at once: for the moment until its
  // restart, new workers find no socket.
  const kept = (held ?? []).filter((address) => isSafe(wire, address) && !makesWay(address));
  const leave = [...(ledger.socketMove()?.from ?? []), ...(held ?? [])].filter((address) => !isWanted(address));
  const before = units.socketDropIn(app);
  if (held !== null) {
    for (const address of socket.addresses) if (!held.includes(address)) await probe(address, held);
    ledger.setSocketMove({ from: [...new Set(leave)] });
    units.writeSocketDropIn(app, withAddresses(socket.text, [...new Set([...kept, ...socket.addresses])]));
    await systemd.daemonReload();
    if (!(await reopen(wire, app))) {
      const back = kept.length > 0 ? kept : held;
      units.writeSocketDropIn(app, withAddresses(before, back));
      await systemd.daemonReload();
      await systemd.jobResult(await systemd.start(appUnit(app)));
      ledger.setSocketMove(null);
      const open = (await listens(wire, app)) !== null;
      complain(`${app}: cannot listen on ${socket.addresses.join(', ')}${open ? `; it is back on ${back.join(', ')}` : `, nor on ${back.join(', ')} any more: it is down`}: journalctl -u ${socketUnit(app)}`);
      return open ? EXIT.rolledBack : EXIT.notRolledBack;
    }
  }
  units.writeSocketDropIn(app, socket.text);
  await systemd.daemonReload();
  return EXIT.done;
}

/** Throws UserError if somebody else has an address that an app is to have which does not run yet. */
export async function assertFree(wire: Wire, app: string, { addresses }: WantedSocket): Promise<void> {
  const held = (await listens(wire, app)) ?? [];
  for (const address of addresses) if (!held.includes(address)) await probe(address, held);
}

/** Whether nobody can come between when root makes or removes a socket there. */
export function isSafe(wire: Wire, address: string): boolean {
  return !address.startsWith('/') || wire.places.mode === 'user' || distrustListen(address) === null;
}

/** ExecStartPre= of a socket with addresses of its own: whether root may make them. */
export function mayListen(wire: Wire, app: string): ExitCode {
  const unsafe = addressesOf(wire.units.socketDropIn(app)).filter((address) => !isSafe(wire, address));
  for (const address of unsafe) complain(`${app}: cannot listen on ${address}: another account could put something else there: wsgictl check ${app}`);
  return unsafe.length === 0 ? EXIT.done : EXIT.cannot;
}

/** What is left to do when workers run that know the new addresses only. */
export function endMove(wire: Wire, app: string, socket: WantedSocket): void {
  const ledger = wire.ledger(app);
  // systemd leaves the file of a socket behind that it does not hold any more.
  for (const path of ledger.socketMove()?.from ?? []) {
    if (!path.startsWith('/') || socket.addresses.some((address) => address === path || isSameFile(address, path))) continue;
    if (isSafe(wire, path) && lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
  }
  ledger.setSocketMove(null);
  say(`${app}: listens on ${socket.addresses.join(', ')}`);
}

/** How often a socket is restarted that systemd refuses to open since its app is just then ending a failed start. */
const TRIES = 5;

/** Restarts the socket and with it the app, if that runs. Returns whether the socket is open. */
async function reopen(wire: Wire, app: string): Promise<boolean> {
  const { systemd } = wire;
  const before = await systemd.unit(appUnit(app));
  for (let attempt = 1; ; attempt++) {
    await systemd.jobResult(await systemd.restart(socketUnit(app)));
    // An app that systemd tries to start again pulls it up by a job of its own.
    if ((await settled(wire, socketUnit(app), /^(de)?activating$/u)) === 'active') break;
    if (before.active === 'inactive' || attempt === TRIES) return false;
    await settled(wire, appUnit(app), /^deactivating$/u);
  }
  // The app's own job comes after the socket's; one that is queued already is joined.
  if (before.active !== 'inactive') await systemd.jobResult(await systemd.start(appUnit(app)));
  return true;
}

/** Waits, for a minute and a half at most, as long as a unit is in such a state. Returns its state. */
async function settled({ systemd }: Wire, unit: string, passing: RegExp): Promise<string> {
  const deadline = monotonic() + 90_000;
  for (;;) {
    const { active } = await systemd.unit(unit);
    if (!passing.test(active) || monotonic() > deadline) return active;
    await systemd.change(1000);
  }
}
