import { EXIT, UserError, type ExitCode } from '../errors.js';
import { removeIni } from '../host/inis.js';
import { removeIfThere } from '../host/files.js';
import { assertWritable } from '../host/writable.js';
import { appUnit, sliceUnit, socketUnit, tmpUnit, workersOf } from '../plan/names.js';
import { forgetLeft } from './leave.js';
import { queue } from './queue.js';
import { say } from './report.js';
import { failedMark } from './unit-roll.js';
import { drained } from './unit-stop.js';
import { removeTouch } from './touch.js';
import type { Wire } from './wire.js';

/**
 * Drains an app and removes it: workers, units, state and socket, and its INI file unless that is gone already. Done
 * again after an interruption, it goes on where it was. One daemon-reload.
 */
export async function removeApp(wire: Wire, app: string, options: { readonly keepIni: boolean }): Promise<ExitCode> {
  wire.assertApp(app);
  // A member of the group wsgictl could do a part of it.
  if (wire.asksRoot) throw new UserError(`cannot remove ${app}: that needs root`, `sudo wsgictl remove ${app}`);
  const { systemd, places } = wire;
  assertWritable(`remove ${app}`, [places.units, places.state, ...(options.keepIni ? [] : [places.apps])], { adds: false });
  say(`${app}: drains`);
  await stopApp(wire, app);
  await systemd.disable([appUnit(app), socketUnit(app)]);
  await removeTouch(wire, app);
  for (const unit of [socketUnit(app), tmpUnit(app)]) await systemd.stop(unit).then((job) => systemd.jobResult(job)).catch(() => {});
  if (!options.keepIni) removeIni(wire.places, app);
  await systemd.stop(sliceUnit(app)).then((job) => systemd.jobResult(job)).catch(() => {});
  for (const generation of wire.units.generations(app)) wire.units.removeGeneration(app, generation);
  wire.units.writeSocketDropIn(app, null);
  removeIfThere(failedMark(wire, app));
  forgetLeft(wire, app);
  for (const file of [`${app}.sock`, `tmp/${app}`]) removeIfThere(`${wire.places.runtime}/${file}`);
  wire.ledger(app).forget();
  wire.requests(app).forget();
  await systemd.daemonReload();
  for (const unit of [appUnit(app), socketUnit(app)]) await systemd.resetFailed(unit).catch(() => {});
  await systemd.stop(sliceUnit(app)).then((job) => systemd.jobResult(job)).catch(() => {});
  say(`${app}: removed`);
  return EXIT.done;
}

/** How often a stop that was undone or failed is asked for again. */
const TRIES = 5;

/** Stops an app and returns when none of its workers is left. Throws UserError if it does not stay stopped. */
export async function stopApp(wire: Wire, app: string): Promise<void> {
  const { systemd } = wire;
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    // Under traffic a stop can be undone by the socket at the last moment, and can end as failed: it is asked for again.
    await systemd.jobResult((await queue(wire, { verb: 'stop', app })).job);
    const unit = await systemd.unit(appUnit(app));
    const workers = (await systemd.list([workersOf(app)])).filter(({ active }) => active !== 'inactive' && active !== 'failed');
    if (workers.length === 0 && unit.active === 'inactive') return;
    // Who asks root for it has root's side do all of that at the next attempt.
    const [undying] = wire.asksRoot ? [] : await drained(wire, workersOf(app), socketUnit(app));
    if (undying !== undefined) throw new UserError(`cannot stop ${app}: ${undying} does not end, not even by SIGKILL`, `systemctl status ${undying}`);
    await systemd.change(200);
  }
  throw new UserError(`cannot stop ${app}: something starts it again`, `systemctl list-dependencies --reverse ${appUnit(app)}`);
}
