import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { once } from 'node:events';

/** The exit status by which flock(1) says that somebody else has it. */
const HELD = 1;

/**
 * Locks a directory, as flock(2) does, until this process ends, whichever way. Returns whether it has: not if another
 * process keeps it for `patience` s more. The lock belongs to the open directory, which flock(1) is given: Node itself cannot lock. Nothing is
 * written.
 */
export async function holdLock(directory: string, patience: number): Promise<boolean> {
  const file = openSync(directory, 'r');
  const child = spawn('flock', ['--timeout', String(patience), '3'], { stdio: ['ignore', 'ignore', 'ignore', file] });
  // Where there is no flock(1), systemd alone keeps two rolls apart, as it should.
  const code = await Promise.race([once(child, 'exit').then(([status]) => Number(status)), once(child, 'error').then(() => 0)]).catch(() => 0);
  if (code === HELD) closeSync(file);
  return code !== HELD;
}
