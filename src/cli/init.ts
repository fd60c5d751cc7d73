import { resolve } from 'node:path';
import { hasControl } from '../config/control.js';
import { turns } from '../config/visible.js';
import { appNameFault } from '../config/name.js';
import { EXIT, UserError, type ExitCode } from '../errors.js';
import { accountRows } from '../host/accounts.js';
import { Folder } from '../host/folder.js';
import { ProjectFiles } from '../host/project-files.js';
import { detect } from '../project/detect.js';
import { accountName, appName, OTHERS, proposal } from '../project/proposal.js';
import { complain, say, sayFile } from './report.js';
import type { Wire } from './wire.js';

/** Proposes an INI file for a project; `write`: into the folder of the apps, as that name, or one made of the folder's. */
export function init(wire: Wire, folder: string, write: string | boolean): ExitCode {
  const { places } = wire;
  const directory = resolve(folder);
  if (hasControl(directory) || turns(directory)) throw new UserError('the name of the folder holds a control character', 'rename it');
  if (new Folder(directory, places.root).stat('.') === undefined) throw new UserError(`${places.root}${directory} does not exist`);
  const files = new ProjectFiles(places.root);
  const project = detect(directory, files);
  if (files.exhausted) complain(`there is more in ${directory} than init looks at: what follows may not be the best`);
  const [best, ...others] = project.candidates;
  if (best === undefined) {
    throw new UserError(
      `cannot find a WSGI app in ${directory}`,
      'looked for: manage.py with a wsgi.py, a .wsgi file, `app = Flask(…)`, `def create_app()`, and `application` in a module; give the folder that holds it',
    );
  }
  const name = typeof write === 'string' ? write : appName(directory);
  const fault = appNameFault(name);
  if (fault !== null) throw new UserError(fault.message, 'wsgictl init DIR --write NAME', EXIT.usage);
  const user = places.mode === 'user' ? null : userOf(places.root, best.directory, name);
  const text = proposal(project, name, user);
  if (write === false) {
    sayFile(text.trimEnd());
    return EXIT.done;
  }
  const apps = new Folder(places.apps, places.root);
  const path = apps.show(`${name}.ini`);
  if (apps.has(`${name}.ini`)) throw new UserError(`${path} is there already: nothing is written`, 'choose another name: wsgictl init DIR --write NAME');
  apps.write(`${name}.ini`, text, 0o666 & ~wire.umask);
  say(`wrote ${path}: ${best.setting} = ${best.value}`);
  for (const { setting, value } of others.slice(0, OTHERS)) complain(`also found: ${setting} = ${value}`);
  say(`next: ${user?.missing === true ? `useradd --system ${user.name}; ` : ''}wsgictl check ${name}`);
  return EXIT.done;
}

interface User {
  readonly name: string;
  readonly why: string;
  /** There is no such account yet. */
  readonly missing: boolean;
}

/** Numbers of accounts that useradd --system makes (login.defs(5)); below them are root, and www-data on every Debian. */
const SYSTEM = { least: 100, most: 999 };

/** Who owns the project runs it, unless that is root or a proxy: then an account of the app's own. */
function userOf(root: string, directory: string, app: string): User {
  const uid = new Folder(directory, root).stat('.')?.uid ?? 0;
  const rows = accountRows('passwd', root);
  const owner = rows.find((row) => row[2] === String(uid))?.[0];
  if (uid >= SYSTEM.least && owner !== undefined) return { name: owner, why: 'The owner of the directory. An account of its own, which cannot write there, is safer.', missing: false };
  const numbers = new Map(rows.map(([name, , number]) => [name, Number(number)]));
  const name = accountName(app, (one) => {
    const number = numbers.get(one);
    return number !== undefined && (number < SYSTEM.least || number > SYSTEM.most);
  });
  return numbers.has(name) ? { name, why: 'The system account of that name.', missing: false } : { name, why: `An account of its own, to be made: useradd --system ${name}`, missing: true };
}
