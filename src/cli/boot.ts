import { readIni } from '../host/inis.js';
import { appUnit, socketUnit, TARGET } from '../plan/names.js';
import type { Wire } from './wire.js';

/** The unit that nothing starts at the next boot, though its app is to be there then; null where all is well. */
export async function missedAtBoot(wire: Wire, app: string): Promise<string | null> {
  for (const name of [TARGET, (await isOnDemand(wire, app)) ? socketUnit(app) : appUnit(app)]) {
    const { unitFileState } = await wire.systemd.unit(name);
    if (['disabled', 'enabled-runtime', 'masked', 'masked-runtime'].includes(unitFileState)) return name;
  }
  return null;
}

/** With the command that mends it. */
export function saidOfBoot(unit: string): string {
  return `is not started at boot, since ${unit} is disabled: systemctl enable ${unit}`;
}

async function isOnDemand(wire: Wire, app: string): Promise<boolean> {
  try {
    return readIni(wire.places, app).config?.app.activation === 'on-demand';
  } catch {
    return (await wire.systemd.unit(socketUnit(app))).unitFileState === 'enabled';
  }
}
