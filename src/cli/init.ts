import { resolve } from 'node:path';
import { hasControl } from '../config/control.js';
import { appNameFault } from '../config/name.js';
import { EXIT, UserError, type ExitCode } from '../errors.js';
import { Folder } from '../host/folder.js';
import { FileSources } from '../host/sources.js';
import { detect } from '../project/detect.js';
import { appName, proposal } from '../project/proposal.js';
import { complain, say } from './report.js';
import type { Wire } from './wire.js';

/** Proposes an INI file for a project; `write`: into the folder of the apps, as that name, or one made of the folder's. */
export function init(wire: Wire, folder: string, write: string | boolean): ExitCode {
  const { places } = wire;
  const directory = resolve(folder);
  if (hasControl(directory)) throw new UserError('the name of the folder holds a control character', 'rename it');
  if (new Folder(directory, places.root).stat('.') === undefined) throw new UserError(`${places.root}${directory} does not exist`);
  const project = detect(directory, new FileSources(places.root));
  const [best, ...others] = project.candidates;
  if (best === undefined) {
    throw new UserError(
      `cannot find a WSGI app in ${directory}`,
      'looked for: manage.py with a wsgi.py, a .wsgi file, `app = Flask(…)`, `def create_app()`, and `application` in a module; give the folder that holds it',
    );
  }
  const text = proposal(project, places.mode === 'user' ? null : userOf(places.root, best.directory));
  if (write === false) {
    say(text.trimEnd());
    return EXIT.done;
  }
  const name = write === true ? appName(directory) : write;
  const fault = appNameFault(name);
  if (fault !== null) throw new UserError(fault.message, 'wsgictl init DIR --write NAME', EXIT.usage);
  const apps = new Folder(places.apps, places.root);
  const path = apps.show(`${name}.ini`);
  if (apps.has(`${name}.ini`)) throw new UserError(`${path} is there already: nothing is written`, 'choose another name: wsgictl init DIR --write NAME');
  apps.write(`${name}.ini`, text, 0o666 & ~wire.umask);
  say(`wrote ${path}: ${best.setting} = ${best.value}`);
  for (const { setting, value } of others) complain(`also found: ${setting} = ${value}`);
  say(`next: wsgictl check ${name}`);
  return EXIT.done;
}

/** Who owns the project runs it, unless that is root. */
function userOf(root: string, directory: string): { readonly name: string; readonly why: string } {
  const uid = new Folder(directory, root).stat('.')?.uid ?? 0;
  const line = new Folder('/etc', root).read('passwd')?.split('\n').find((one) => one.split(':')[2] === String(uid));
  const name = line?.split(':')[0];
  if (uid !== 0 && name !== undefined) return { name, why: 'The owner of the directory. An account of its own, which cannot write there, is safer.' };
  return { name: 'www-data', why: 'An account of its own is better: useradd --system NAME' };
}
