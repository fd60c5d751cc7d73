import type { Job, Observed, UnitState } from './port.js';

/**
 * A unit and its job, of one moment. `jobAt` gives the job of a path, or null where it is gone. Two reads of different
 * moments are not put together: a unit that was read with its start queued is not one without a job when that job is
 * through. systemd may let more than half a second pass between the reads, for a daemon-reload.
 */
export async function withJob(unit: UnitState, jobAt: (path: string) => Promise<Job | null>, read: (name: string) => Promise<UnitState>): Promise<Observed> {
  let [now, gone]: [UnitState, string | null] = [unit, null];
  while (now.job !== null && now.job !== gone) {
    const job = await jobAt(now.job);
    if (job !== null) return { unit: now, job };
    gone = now.job;
    now = await read(now.name);
  }
  return { unit: now, job: null };
}
