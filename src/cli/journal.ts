import { spawn, spawnSync } from 'node:child_process';
import { appUnit, workersOf } from '../plan/names.js';

/** The last lines that one run of a unit wrote, oldest first; none where the journal cannot be read. */
export function lastLines(unit: string, invocation: string, count: number): string[] {
  const match = invocation === '' ? ['-u', unit] : [`_SYSTEMD_INVOCATION_ID=${invocation}`, '+', `INVOCATION_ID=${invocation}`];
  const all = messages(['--output-fields=MESSAGE,_PID', '-n', String(count + 20), ...match]);
  // systemd's own lines about the unit say less than the event that we show already.
  return all.filter(({ _PID }) => _PID !== '1').map(({ MESSAGE }) => textOf(MESSAGE)).slice(-count);
}

/** What systemd said about the lines of a unit file when it read it (systemd.journal-fields(7), CONFIG_LINE=). */
export function complaintsAbout(file: string): { readonly line: number; readonly message: string }[] {
  return messages(['--output-fields=MESSAGE,CONFIG_LINE', `CONFIG_FILE=${file}`]).map(({ MESSAGE, CONFIG_LINE }) => ({
    line: Number(CONFIG_LINE),
    message: textOf(MESSAGE).replace(`${file}:${CONFIG_LINE}: `, ''),
  }));
}

interface Message {
  readonly MESSAGE?: string | number[] | null;
  readonly _PID?: string;
  readonly CONFIG_LINE?: string;
}

function messages(arguments_: readonly string[]): Message[] {
  const { stdout } = spawnSync('journalctl', ['--no-pager', '-q', '-o', 'json', ...arguments_], { encoding: 'utf8', timeout: 10_000 });
  const lines = (stdout ?? '').split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Message).filter(({ MESSAGE }) => MESSAGE !== undefined && MESSAGE !== null);
}

/** journalctl shows as numbers what is not text. */
function textOf(message: Message['MESSAGE']): string {
  return typeof message === 'string' ? message : Buffer.from(message ?? []).toString('utf8');
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
