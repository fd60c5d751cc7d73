import { appUnit } from '../plan/names.js';
import type { Before } from '../plan/plan.js';
import { last } from '../roll/events.js';
import type { Wire } from './wire.js';

/** A roll without an end: it is under way, or was cut off. */
export async function rollUnderWay(wire: Wire, app: string): Promise<Pick<Before, 'underWay' | 'unfinished'>> {
  const ledger = wire.ledger(app);
  const events = ledger.unfinished();
  if (events === null || wire.places.root !== '') return { underWay: null, unfinished: false };
  const unit = await wire.systemd.unit(appUnit(app));
  const generation = last(events, 'generation');
  const underWay = unit.job === null || generation === null
    ? null
    : { unitText: ledger.unitText(generation.generation), processes: generation.processes };
  return { underWay, unfinished: unit.active === 'active' };
}
