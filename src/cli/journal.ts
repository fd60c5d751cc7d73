import { spawn, spawnSync } from 'node:child_process';
import { linesOf } from '../config/visible.js';
import { appUnit, sliceUnit, workersOf } from '../plan/names.js';
import { reasonIn, type Reason } from '../roll/reason.js';
import type { Mode } from '../units/view.js';

/** How much of the journal is read for a message, in bytes, and for how long, in ms: a single entry may have many MB. */
const MOST = 8_388_608;
const PATIENCE = 10_000;

/** How many entries a crash may write: a hundred lines for each of some threads. */
const CRASH = 400;

/**
 * The last lines that one run of a unit wrote, oldest first; none where the journal cannot be read. Without an invocation
 * it is whatever a unit of that name wrote since a time (ms since 1970): an app of that name may have had it before.
 */
export function lastLines(mode: Mode, unit: string, invocation: string, count: number, since = 0): string[] {
  const from = invocation === '' ? [`--since=@${Math.floor(since / 1000)}`] : [];
  const all = messages(['-n', String(count + CRASH), ...from, ...matchesOf(unit, invocation, owner(mode))]);
  // systemd's own lines about the unit say less than the event that we show already.
  const own = all.filter(({ _SYSTEMD_UNIT, _SYSTEMD_USER_UNIT }) => (_SYSTEMD_USER_UNIT ?? _SYSTEMD_UNIT) !== MANAGER);
  return mostTelling(own.flatMap(({ MESSAGE }) => linesOf(textOf(MESSAGE))), count);
}

/** How much of what a worker said is looked through for its reason, in lines. */
const TRACEBACK = 60;

/** Why one run of a worker failed, in its own words: the one place that knows where these are. Null where it left none. */
export function failureReason(mode: Mode, unit: string, invocation: string): Reason | null {
  return reasonIn(lastLines(mode, unit, invocation, TRACEBACK));
}

/**
 * The last lines; of a worker that a signal has ended, or that hung in C code, the place where it was: Python's faulthandler
 * begins with it, and goes on to where the program began.
 */
export function mostTelling(lines: readonly string[], count: number): string[] {
  const crash = lines.findLastIndex((line) => /^(Fatal Python error: |Timeout \([0-9:]+\)!$)/u.test(line));
  const first = crash === -1 ? lines.length - count : Math.min(crash, Math.max(0, lines.length - count));
  return lines.slice(Math.max(0, first)).slice(0, count);
}

/** Where systemd itself runs, PID 1 and a user's manager alike. */
const MANAGER = 'init.scope';

/** The account whose manager it is; null for PID 1. */
function owner(mode: Mode): number | null {
  return mode === 'system' ? null : (process.getuid?.() ?? 0);
}

/**
 * The entries that a unit wrote, in one of its runs or, with '' for the invocation, in all. Any account may write into
 * the journal whatever fields it likes but those that begin with `_`, which journald sets. Even there it has the
 * invocation of a user's unit from that user's own files, so the unit counts too. What systemd says in the unit before
 * it runs the program may come when its process is gone, and has only systemd's own fields then: who wrote it, vouches.
 */
export function matchesOf(unit: string, invocation: string, user: number | null): string[] {
  const run = invocation === '' ? `UNIT=${unit}` : `INVOCATION_ID=${invocation}`;
  return [
    ...(user === null ? [`_SYSTEMD_UNIT=${unit}`] : [`_SYSTEMD_USER_UNIT=${unit}`, `_UID=${user}`]),
    ...(invocation === '' ? [] : [`_SYSTEMD_INVOCATION_ID=${invocation}`]),
    '+', user === null ? run : `USER_${run}`, `_UID=${user ?? 0}`,
  ];
}

/** Bytes where it is no text; a list of these where the field was given more than once. */
type Field = string | readonly number[] | readonly Field[];

interface Message {
  readonly MESSAGE?: Field | null;
  readonly _SYSTEMD_UNIT?: string;
  readonly _SYSTEMD_USER_UNIT?: string;
}

/** Oldest first. If there is too much, the oldest are missing. */
function messages(matches: readonly string[]): Message[] {
  const fields = '--output-fields=MESSAGE,_SYSTEMD_UNIT,_SYSTEMD_USER_UNIT';
  // --all: journalctl leaves out what is longer than 4096 bytes, which a traceback's last line may be.
  const args = ['--no-pager', '-q', '--all', '--reverse', '-o', 'json', fields, ...matches];
  const { stdout } = spawnSync('journalctl', args, { encoding: 'utf8', timeout: PATIENCE, maxBuffer: MOST, killSignal: 'SIGKILL' });
  const whole = (stdout ?? '').split('\n').slice(0, -1);
  return whole.map((line) => JSON.parse(line) as Message).filter(({ MESSAGE }) => MESSAGE !== undefined && MESSAGE !== null).reverse();
}

function textOf(field: Field | null | undefined): string {
  if (typeof field === 'string') return field;
  const [first] = field ?? [];
  return first === undefined || typeof first === 'number' ? Buffer.from((field ?? []) as number[]).toString('utf8') : textOf(first);
}

/** Shows the journal of an app and its workers until the reader has enough; resolves with journalctl's exit code. */
export function showJournal(app: string, options: { readonly follow: boolean; readonly lines: string; readonly user: boolean }): Promise<number> {
  const unit = options.user ? '--user-unit' : '--unit';
  const runs = options.follow ? followed(app, options.lines, options.user) : [['--lines', options.lines, unit, appUnit(app), unit, workersOf(app)]];
  process.on('SIGINT', () => {}); // journalctl gets it too, and ends
  return new Promise((resolve, reject) => {
    const children = runs.map((args) => spawn('journalctl', args, { stdio: 'inherit' }));
    const [first] = children;
    for (const child of children) {
      child.once('error', reject);
      child.once('exit', (code) => {
        // One that cannot search leaves the other to go on; once that one has ended, nobody reads.
        if (child !== first) return;
        for (const other of children) other.kill();
        resolve(code ?? 0);
      });
    }
  });
}

/**
 * The arguments of two journalctl: a glob of units counts for those that there are when it starts (journalctl(1)), and
 * each generation has units of its own. So workers are found by their slice, and what systemd says of them by its text.
 */
export function followed(app: string, lines: string, user: boolean): readonly (readonly string[])[] {
  const [prefix, manager] = user ? ['USER_', [`_SYSTEMD_USER_UNIT=${MANAGER}`]] : ['', ['_PID=1']];
  const own = [`_SYSTEMD_${prefix}SLICE=${sliceUnit(app)}`, '+', `_SYSTEMD_${prefix}UNIT=${appUnit(app)}`, '+', ...manager, `${prefix}UNIT=${appUnit(app)}`];
  const [before = '', after = ''] = workersOf(app).split('*').map((part) => part.replaceAll('.', '\\.'));
  return [['--follow', '--lines', lines, ...own], ['--follow', '--lines', '0', '--grep', `\\b${before}[0-9]+${after}`, ...manager]];
}
