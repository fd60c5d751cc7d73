import type { AppConfig } from '../config/settings.js';
import { EXIT, type ExitCode } from '../errors.js';
import type { Ledger } from '../host/ledger.js';
import { ifTaken } from '../host/files.js';
import { stampsOf } from '../host/stamps.js';
import { appUnit, touchedUnit, touchUnit } from '../plan/names.js';
import { notActive } from './follow.js';
import { say } from './report.js';
import type { Wire } from './wire.js';

/**
 * Has systemd watch what `touch` names, or no longer. Returns whether its units must be read again; a running app's new
 * path unit is to be started then.
 */
export async function installTouch(wire: Wire, config: AppConfig): Promise<boolean> {
  const text = wire.touch(config);
  if (text === (await watching(wire, config.name))) return false;
  if (text === null) await removeTouch(wire, config.name);
  else {
    writeTouch(wire, config, text);
    await wire.systemd.enable([touchUnit(config.name)]);
  }
  return true;
}

/** The path unit that watches for a touch; null where there is none, or it does nothing: an apply may have been cut off. */
export async function watching(wire: Wire, app: string): Promise<string | null> {
  const text = wire.units.read(touchUnit(app));
  if (text === null || wire.places.root !== '') return text;
  const unit = await wire.systemd.unit(touchUnit(app));
  if (unit.unitFileState !== 'enabled') return null;
  const idle = ['inactive', 'failed'].includes(unit.active) && unit.job === null;
  return idle && (await wire.systemd.unit(appUnit(app))).active === 'active' ? null : text;
}

export function writeTouch(wire: Wire, config: AppConfig, text: string): void {
  const ledger = wire.ledger(config.name);
  wire.units.write(touchUnit(config.name), text);
  const now = stampsOf(wire.places.root, config.reload.touch);
  // A touch that nobody has looked at yet is not forgotten.
  const known = Object.entries(ledger.touched()).filter(([path]) => path in now);
  ledger.setTouched({ ...now, ...Object.fromEntries(known) });
}

/** Systemd reads its units after that. */
export async function removeTouch(wire: Wire, app: string): Promise<void> {
  const unit = touchUnit(app);
  wire.ledger(app).setTouched({});
  if (wire.units.read(unit) === null) return;
  await wire.systemd.stopAll([unit]);
  await wire.systemd.disable([unit]);
  wire.units.remove(unit);
}

/** A running app has what watches for it started anew; others start it themselves. */
export async function startTouch(wire: Wire, app: string): Promise<void> {
  const { active } = await wire.systemd.unit(appUnit(app));
  if (wire.units.read(touchUnit(app)) === null || !isRunning(active)) return;
  await wire.systemd.jobResult(await wire.systemd.restart(touchUnit(app)));
}

/**
 * What systemd starts when something about a watched file has changed: the app is reloaded if that was a touch. It may
 * have been another file in a directory that holds a link. `again`: the second look, which leaves the rest to the first
 * one, so that no two of them ask for a reload.
 */
export async function touched(wire: Wire, app: string, again: boolean): Promise<ExitCode> {
  const ledger = wire.ledger(app);
  const before = ledger.touched();
  const now = stampsOf('', Object.keys(before));
  // One that is missing is about to be replaced: it counts when it is there again.
  const changed = Object.entries(now).filter(([path, stamp]) => stamp !== null && stamp !== before[path]);
  if (changed.length === 0) return EXIT.done;
  if (again) {
    await wire.systemd.start(touchedUnit(app));
    return EXIT.done;
  }
  const { active } = await wire.systemd.unit(appUnit(app));
  const names = changed.map(([path]) => path).join(', ');
  if (isRunning(active) && (await reload(wire, app))) say(`${app}: ${names}: touched, so it is reloaded`);
  else say(`${app}: ${names}: touched, but the app is not running: nothing to do`);
  // The roll itself may have looked at them by now, and later than we did.
  if (JSON.stringify(ledger.touched()) === JSON.stringify(before)) ledger.setTouched({ ...before, ...Object.fromEntries(changed) });
  return EXIT.done;
}

/** A roll begins, and takes in what was touched so far. */
export function takeTouches(ledger: Ledger): void {
  ifTaken(() => ledger.setTouched(stampsOf('', Object.keys(ledger.touched()))));
}

function isRunning(active: string): boolean {
  return active === 'active' || active === 'reloading';
}

/** Whether it is going to be. */
async function reload(wire: Wire, app: string): Promise<boolean> {
  try {
    await wire.systemd.reload(appUnit(app));
    return true;
  } catch (error) {
    if (notActive(error)) return false;
    throw error;
  }
}
