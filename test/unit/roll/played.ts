// systemd as a roll sees it, played by the simulator: with a connection that gets lost, and refusals.
import { parseWorker } from '../../../src/plan/names.js';
import { BusLost, Refused, type LastEnd, type Observed, type Systemd, type UnitState } from '../../../src/systemd/port.js';
import type { Worker } from '../../../src/roll/next.js';
import { workerUnit } from '../../../src/plan/names.js';
import type { Random } from '../random.js';
import type { Simulator } from './simulator.js';

export interface Trouble {
  /** One call in so many is lost with the connection, done or not; 0: none. */
  readonly lost: number;
  /** What systemd refuses to do, by `start 1@2` or `stop 1@2`. */
  readonly refuses: (deed: string) => boolean;
}

type Asked = Pick<Systemd, 'list' | 'unit' | 'withJob' | 'start' | 'stop' | 'change' | 'lastEnd' | 'history' | 'kill'>;

const FINE: LastEnd = { result: 'success', exitCode: 0, exitStatus: 0, status: '' };
const STATES = { starting: ['activating', 'start'], ready: ['active', 'running'], leaving: ['deactivating', 'stop-sigterm'], down: ['activating', 'auto-restart'] } as const;

export function played(simulator: Simulator, random: Random, trouble: Trouble): Systemd {
  let turns = 0;
  const failed = (failure: string | null): LastEnd => (failure === null ? FINE : { result: 'exit-code', exitCode: 1, exitStatus: failure === 'got no socket' ? 78 : 3, status: '' });
  const state = (name: string, worker: Worker | undefined): UnitState => ({
    name, load: 'loaded', active: worker === undefined ? 'inactive' : STATES[worker.phase][0], sub: worker === undefined ? 'dead' : STATES[worker.phase][1], job: null,
    ...failed(worker?.failure ?? null), activeSince: worker?.readySince ?? 0, changedAt: simulator.now, stopLimit: Infinity, restarts: worker?.restarts ?? 0, mainPid: 0,
    invocation: '', status: '', needDaemonReload: false, unitFileState: '', listen: [], reloadResult: 'success', wants: [],
  });
  const find = (name: string): Worker | undefined => simulator.observe().find(({ generation, index }) => workerUnit('shop', generation, index) === name);
  const turn = (): void => {
    if (++turns > 20_000) throw new Error(`no end: ${JSON.stringify(simulator.observe())}`);
  };
  const call = async <T>(deed: () => T): Promise<T> => {
    await Promise.resolve();
    const lost = trouble.lost > 0 && random.once(trouble.lost);
    if (lost && random.once(2)) throw new BusLost('not done');
    const result = deed();
    if (lost) throw new BusLost('done');
    return result;
  };
  const refuse = (deed: string, name: string): void => {
    const worker = parseWorker(name);
    if (trouble.refuses(`${deed} ${worker?.generation}@${worker?.index}`)) throw new Refused('Refused', 'no');
  };
  const systemd: Asked = {
    list: () => call(() => (turn(), simulator.observe()).map((worker) => state(workerUnit('shop', worker.generation, worker.index), worker))),
    unit: (name) => call(() => state(name, find(name))),
    withJob: (unit): Promise<Observed> => call(() => ({ unit, job: null })),
    start: (name) => call(() => {
      refuse('start', name);
      const { generation, index } = parseWorker(name) as { generation: number; index: number };
      if (find(name) === undefined) simulator.start(generation, index);
      return '/job';
    }),
    stop: (name) => call(() => {
      refuse('stop', name);
      const worker = find(name);
      if (worker !== undefined) simulator.stop([worker]);
      return '/job';
    }),
    change: async (ms) => {
      await Promise.resolve();
      turn();
      // As the real one, which looks for itself every 5 s.
      const until = simulator.now + Math.max(1, Math.min(ms, 5_000));
      if (simulator.pass(until)) simulator.now = Math.max(simulator.now, Math.min(until, simulator.now + 1));
    },
    lastEnd: (name) => {
      const { generation, index } = parseWorker(name) as { generation: number; index: number };
      const { failure, known } = simulator.howEnded(generation, index);
      return known ? failed(failure) : null;
    },
    history: () => [],
    kill: () => Promise.resolve(),
  };
  return systemd as Systemd;
}
