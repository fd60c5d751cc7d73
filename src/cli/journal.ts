import { spawn, spawnSync } from 'node:child_process';
import { appUnit, workersOf } from '../plan/names.js';

/** The last lines that one run of a unit wrote, oldest first; none where the journal cannot be read. */
export function lastLines(unit: string, invocation: string, count: number): string[] {
  const match = invocation === '' ? ['-u', unit] : [`_SYSTEMD_INVOCATION_ID=${invocation}`, '+', `INVOCATION_ID=${invocation}`];
  // systemd's own lines about the unit say less than the event that we show already.
  const { stdout } = spawnSync('journalctl', ['--no-pager', '-q', '-o', 'json', '--output-fields=MESSAGE,_PID', '-n', String(count + 20), ...match], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  const messages = (stdout ?? '').split('\n').filter((line) => line !== '').flatMap((line) => {
    const { MESSAGE, _PID } = JSON.parse(line) as { MESSAGE?: string | number[] | null; _PID?: string };
    if (_PID === '1' || MESSAGE === undefined || MESSAGE === null) return [];
    return [typeof MESSAGE === 'string' ? MESSAGE : Buffer.from(MESSAGE).toString('utf8')];
  });
  return messages.slice(-count);
}

/** Shows the journal of an app and its workers until the reader has enough; resolves with journalctl's exit code. */
export function showJournal(app: string, options: { readonly follow: boolean; readonly lines: string; readonly user: boolean }): Promise<number> {
  const unit = options.user ? '--user-unit' : '--unit';
  const args = [
    ...(options.follow ? ['--follow'] : []), '--lines', options.lines,
    unit, appUnit(app), unit, workersOf(app),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn('journalctl', args, { stdio: 'inherit' });
    process.on('SIGINT', () => {}); // journalctl gets it too, and ends
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 0));
  });
}
