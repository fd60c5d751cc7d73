import type { AppConfig } from '../config/settings.js';
import { appUnit, socketUnit, TARGET } from '../plan/names.js';
import type { Wire } from './wire.js';

export type Activation = AppConfig['app']['activation'];

/** What has an app start, and what would have it start in the other way. */
export function activatedBy(app: string, activation: Activation): readonly [unit: string, other: string] {
  return activation === 'boot' ? [appUnit(app), socketUnit(app)] : [socketUnit(app), appUnit(app)];
}

/** How systemd is to start an app; null where somebody has disabled it, who has the last word. */
export async function activationOf(wire: Wire, app: string): Promise<Activation | null> {
  for (const activation of ['boot', 'on-demand'] as const) {
    if ((await wire.systemd.unit(activatedBy(app, activation)[0])).unitFileState === 'enabled') return activation;
  }
  return null;
}

/** Has systemd start an app as its INI file says; returns whether it must read its units anew for that. */
export async function activate(wire: Wire, { name, app: { activation } }: AppConfig): Promise<boolean> {
  const { systemd } = wire;
  const [unit, other] = activatedBy(name, activation);
  const isOther = (await systemd.unit(other)).unitFileState === 'enabled';
  // In this order, one that is cut off leaves the app with too much, and not with nothing.
  await systemd.enable([TARGET, unit]);
  if (isOther) await systemd.disable([other]);
  // By what systemd knows: whoever enabled it may have been cut off.
  return isOther || !(await systemd.unit(TARGET)).wants.includes(unit) || (await systemd.unit(socketUnit(name))).needDaemonReload;
}
