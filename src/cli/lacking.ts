import { appUnit, workersOf } from '../plan/names.js';
import { observe } from '../roll/observe.js';
import { isShut } from './shut-socket.js';
import type { Wire } from './wire.js';

/** What an app lacks that runs and is not being changed: its socket, or some of its workers, which nobody starts again. */
export type Lacking = { readonly kind: 'socket' } | { readonly kind: 'workers'; readonly indexes: readonly number[] };

export async function lacking(wire: Wire, app: string): Promise<Lacking | null> {
  if (await isShut(wire, app)) return { kind: 'socket' };
  const indexes = await missingWorkers(wire, app);
  return indexes.length === 0 ? null : { kind: 'workers', indexes };
}

/**
 * The workers of an app at rest that are neither there nor coming. A job stopped them, which systemd does not undo: by hand,
 * or since what they require was stopped. Those that crash come back.
 */
export async function missingWorkers(wire: Wire, app: string): Promise<number[]> {
  const { systemd } = wire;
  const unit = await systemd.unit(appUnit(app));
  if (unit.active !== 'active' || unit.job !== null) return [];
  const ledger = wire.ledger(app);
  const current = ledger.current();
  if (current === null) return [];
  const seen = await Promise.all((await systemd.list([workersOf(app)])).map((listed) => systemd.withJob(listed)));
  const workers = seen.flatMap(({ unit: one, job }) => observe(one, job) ?? []);
  return absent(current, ledger.processes() ?? ledger.generation(current)?.processes ?? 0, workers);
}

/** Which of 1 to `wanted` are not among the workers of a generation. */
export function absent(generation: number, wanted: number, workers: readonly { readonly generation: number; readonly index: number }[]): number[] {
  const present = new Set(workers.filter((worker) => worker.generation === generation).map(({ index }) => index));
  return Array.from({ length: wanted }, (_, at) => at + 1).filter((index) => !present.has(index));
}

/** In words: `worker 1, 2 are stopped`. */
export function inWords(lacks: Lacking): string {
  if (lacks.kind === 'socket') return 'its socket is shut or lost';
  return `worker ${lacks.indexes.join(', ')} ${lacks.indexes.length > 1 ? 'are' : 'is'} stopped`;
}
