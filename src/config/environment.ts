import { quoted } from './control.js';
import type { Faults } from './fault.js';
import { warnOfHabits } from './habit.js';
import type { Entry } from './scan.js';
import type { Assignment } from './settings.js';

/** How a worker and systemd find each other: an app that got other values would never be ready, or never be watched. */
const OURS = /^(LISTEN_(FDS|PID|PIDFDID|FDNAMES)|NOTIFY_SOCKET|WATCHDOG_(USEC|PID)|MAINPID|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|WSGICTL_.*)$/u;

/** `[environment]`: any name that a shell could set, any text. Values never appear in messages: they may be secrets. */
export function readEnvironment(entries: readonly Entry[], faults: Faults): readonly Assignment[] {
  const seen = new Map<string, number>();
  return entries.flatMap(({ key: name, value, line }) => {
    const before = seen.get(name);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/u.test(name)) {
      const bare = /^export\s+([A-Za-z_]\w*)$/u.exec(name)?.[1];
      faults.error(line, `${quoted(name)} is not the name of a variable`, bare === undefined ? 'letters, digits and _ are possible' : `write ${bare} = …`);
      return [];
    }
    if (before !== undefined) {
      faults.error(line, `${name} is set twice`, `it already stands on line ${before}`);
      return [];
    }
    seen.set(name, line);
    if (OURS.test(name)) {
      faults.error(line, `${name} is set by systemd or wsgictl`, 'remove the line');
      return [];
    }
    warnOfHabits(name, value, line, faults);
    return [{ name, value, line }];
  });
}
