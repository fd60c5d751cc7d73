import { join } from 'node:path';
import { EXIT, type ExitCode } from '../errors.js';
import { readIfThere, removeIfThere, writeWhole } from '../host/files.js';
import { appUnit, socketUnit } from '../plan/names.js';
import { systemdRuns } from '../systemd/connect.js';
import { stopApp } from './remove.js';
import { say } from './report.js';
import { startApps } from './roll-commands.js';
import type { Wire } from './wire.js';

/** What prerm of an app's package stopped: there until the app runs again or is gone, at most until the next boot. */
const leftMark = (wire: Wire, app: string): string => join(wire.places.runtime, 'left', app);

/**
 * What prerm runs before the files of an app's package go away: drains and stops the app, and remembers that it ran, in
 * case that it is still there when dpkg is through, from another package or since dpkg gave the removal up.
 */
export async function leaveApp(wire: Wire, app: string): Promise<ExitCode> {
  if (!systemdRuns(process.env)) return EXIT.done;
  const [unit, socket] = await Promise.all([wire.systemd.unit(appUnit(app)), wire.systemd.unit(socketUnit(app))]);
  const runs = unit.active !== 'inactive' && unit.active !== 'failed' ? 'app' : socket.active === 'active' ? 'socket' : null;
  if (runs !== null) writeWhole(leftMark(wire, app), runs);
  await stopApp(wire, app);
  return EXIT.done;
}

/** Starts what that stopped, and nothing else: an app that somebody had stopped before stays so. */
export async function returnApp(wire: Wire, app: string): Promise<ExitCode> {
  if (!systemdRuns(process.env)) return EXIT.done;
  const ran = readIfThere(leftMark(wire, app));
  const code = ran === 'app' ? await startApps(wire, [app]) : EXIT.done;
  if (ran === 'socket') await wire.systemd.jobResult(await wire.systemd.start(socketUnit(app)));
  forgetLeft(wire, app);
  return code;
}

/** From now on somebody else decides whether the app runs. */
export function forgetLeft(wire: Wire, app: string): boolean {
  return removeIfThere(leftMark(wire, app));
}

/** Where nobody may start it now, that is said. */
export function leaveStopped(wire: Wire, app: string): void {
  if (forgetLeft(wire, app)) say(`${app}: its package stopped it, and it stays so: wsgictl start ${app}`);
}
