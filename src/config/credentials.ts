import { quoted } from './control.js';
import { BadValue, type Faults } from './fault.js';
import { readPath } from './path.js';
import type { Entry } from './scan.js';
import type { Assignment } from './settings.js';

/** `[credentials]`: a name, as the app finds it in $CREDENTIALS_DIRECTORY, and the path of the file that holds the secret. */
export function readCredentials(entries: readonly Entry[], faults: Faults): readonly Assignment[] {
  const seen = new Map<string, number>();
  return entries.flatMap(({ key: name, value, line }) => {
    const before = seen.get(name);
    seen.set(name, before ?? line);
    // systemd allows more, but not in every version.
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/u.test(name)) {
      faults.error(line, `${quoted(name)} is not the name of a credential`, 'letters, digits, _ . and - are possible');
    } else if (name.startsWith('wsgictl')) {
      faults.error(line, `${name} is a name of wsgictl's own`, 'choose one that does not begin with wsgictl');
    } else if (before !== undefined) {
      faults.error(line, `${name} is given twice`, `it already stands on line ${faults.line(before)}`);
    } else {
      try {
        return [{ name, value: readCredentialPath(value), line }];
      } catch (error) {
        if (!(error instanceof BadValue)) throw error;
        // Whoever takes this for the place of the secret itself shall not find it in a message.
        faults.error(line, `${name} ${error.message}`, error.hint);
      }
    }
    return [];
  });
}

function readCredentialPath(text: string): string {
  if (!text.startsWith('/')) throw new BadValue('is not an absolute path', 'write the secret into a file that only root can read, and its path here');
  const path = readPath(text);
  if (path.endsWith('\\')) throw new BadValue('may not end in a backslash', 'rename the file');
  return path;
}
