import { quoted } from './control.js';
import type { Faults } from './fault.js';
import { warnOfHabits } from './habit.js';
import type { Entry } from './scan.js';
import type { Assignment } from './settings.js';

/** How a worker and systemd find each other: an app that got other values would never be ready, or never be watched. */
const OURS = /^(LISTEN_(FDS|PID|PIDFDID|FDNAMES)|NOTIFY_SOCKET|WATCHDOG_(USEC|PID)|MAINPID|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|WSGICTL_.*)$/u;

/** What the server and the request itself put into an environ: PEP 3333. */
const THEIRS = /^(HTTP_.*|(wsgi|gunicorn)\..*|CONTENT_(TYPE|LENGTH)|REQUEST_METHOD|SCRIPT_NAME|PATH_INFO|QUERY_STRING|SERVER_(NAME|PORT|PROTOCOL))$/u;

/** Names, and values, of what is nobody else's business. */
const SECRET_NAME = /(^|_)(SECRETS?|PASSWORD|PASSWD|PASSPHRASE|TOKEN|CREDENTIALS?|(SECRET|API|PRIVATE|ACCESS)_?KEY)$/iu;
const SECRET_VALUE = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/iu;

/** `[environment]`: any name that a shell could set, any text. Values never appear in messages: they may be secrets. */
export function readEnvironment(entries: readonly Entry[], faults: Faults): readonly Assignment[] {
  return readAssignments(entries, OURS, 'systemd or wsgictl', faults);
}

/** `[environ]`, in the same way; no shell sets these, and there are names with dots (`trac.env_path`). */
export function readEnviron(entries: readonly Entry[], faults: Faults): readonly Assignment[] {
  return readAssignments(entries, THEIRS, 'each request', faults, '.');
}

function readAssignments(entries: readonly Entry[], taken: RegExp, by: string, faults: Faults, more = ''): readonly Assignment[] {
  const seen = new Map<string, number>();
  return entries.flatMap(({ key: name, value, line }) => {
    const before = seen.get(name);
    if (!new RegExp(`^[A-Za-z_][A-Za-z0-9_${more}]*$`, 'u').test(name)) {
      const bare = /^export\s+([A-Za-z_]\w*)$/u.exec(name)?.[1];
      faults.error(line, `${quoted(name)} is not the name of a variable`, bare === undefined ? `letters, digits and _${more === '' ? '' : ` ${more}`} are possible` : `write ${bare} = …`);
      return [];
    }
    if (before !== undefined) {
      faults.error(line, `${name} is set twice`, `it already stands on line ${faults.line(before)}`);
      return [];
    }
    seen.set(name, line);
    if (taken.test(name)) {
      faults.error(line, `${name} is set by ${by}`, 'remove the line');
      return [];
    }
    warnOfHabits(name, value, line, faults);
    if (SECRET_VALUE.test(value) || (SECRET_NAME.test(name) && value !== '' && !value.startsWith('/'))) {
      faults.warn(line, `${name} can be read by every account of the machine`, 'write a secret into a file of its own: see [credentials] and environment-file');
    }
    return [{ name, value, line }];
  });
}
