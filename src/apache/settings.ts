import { homeOf } from './account.js';
import { mainWord, type Context } from './context.js';
import type { Directive } from './directive.js';
import type { Group } from './group.js';
import { Ini } from './ini.js';

/** What a group's WSGIDaemonProcess, and the directives of the server, make of its apps' INI files. */
export function groupSettings(group: Group, context: Context): Ini {
  const { directive, values } = group;
  const { endings } = context;
  const ini = new Ini();
  // mod_wsgi's defaults, where ours are others.
  ini.set('workers', 'processes', '1');
  ini.set('workers', 'threads', '15');
  endings.carried(directive, `the app of the group ${group.name}`);
  for (const [option, value] of values) {
    const { name, to, as, zeroIsOff, remark, fate } = option;
    const what = `WSGIDaemonProcess ${name}`;
    if (zeroIsOff === true && Number(value) === 0) continue;
    if (fate !== undefined) endings.left(directive, fate.reason, fate.advice, what);
    else if (to !== undefined) {
      ini.set(...to, as === undefined ? value : as(value));
      endings.carried(directive, `[${to[0]}] ${to[1]}`, what);
      if (remark !== undefined && Number(value) !== 0) endings.left(directive, `carried as [${to[0]}] ${to[1]}, but: ${remark}`, undefined, what);
    }
  }
  if (ini.get('workers', 'threads') === '0') {
    endings.left(directive, 'without threads the group answers no requests', 'write a service for what it runs', 'WSGIDaemonProcess threads');
    ini.set('workers', 'threads', '1');
  }
  complete(ini, directive, context);
  return ini;
}

/** Of an app that ran inside Apache: its number of processes was Apache's. */
export function embeddedSettings(directive: Directive, context: Context): Ini {
  const ini = new Ini();
  ini.set('workers', 'processes', '2');
  ini.set('workers', 'threads', '5');
  const path = mainWord(context, 'wsgipythonpath');
  if (path !== null) {
    ini.set('app', 'python-path', path.word);
    context.endings.carried(path.directive, '[app] python-path of what was embedded: it does not count for daemon processes');
  }
  complete(ini, directive, context);
  return ini;
}

function complete(ini: Ini, directive: Directive, context: Context): void {
  const apacheUser = mainWord(context, 'user')?.word ?? context.envvars.environment.get('APACHE_RUN_USER') ?? 'www-data';
  const apacheGroup = mainWord(context, 'group')?.word ?? context.envvars.environment.get('APACHE_RUN_GROUP') ?? 'www-data';
  const plain = (account: string): string => account.replace(/^#/u, '');
  if (ini.get('app', 'user') === undefined) ini.set('app', 'user', plain(apacheUser));
  // Not the user's own group: mod_wsgi takes Apache's where none is given.
  if (ini.get('app', 'group') === undefined) ini.set('app', 'group', plain(apacheGroup));
  umask(ini, context);
  const user = ini.get('app', 'user') ?? '';
  if (ini.get('app', 'directory') === undefined && user !== plain(apacheUser)) homeDirectory(ini, user, directive, context);
  python(ini, directive, context);
  processEnvironment(ini, context);
}

/** That of Apache, which files made so far have. */
function umask(ini: Ini, { envvars, endings }: Context): void {
  if (ini.get('app', 'umask') !== undefined) return;
  ini.set('app', 'umask', envvars.umask?.value ?? '0022');
  if (envvars.umask !== null) endings.carried(envvars.umask, '[app] umask');
}

/** Without home=, mod_wsgi starts in the home directory of a user that is not Apache's. */
function homeDirectory(ini: Ini, user: string, directive: Directive, { sources, endings }: Context): void {
  const home = homeOf(user, sources);
  const what = 'WSGIDaemonProcess without home=';
  if (home === null) endings.left(directive, `it started in the home directory of ${user}, which is not known here`, 'write it as [app] directory', what);
  else if (sources.list(home) === null) endings.left(directive, `the home directory of ${user}, ${home}, does not exist`, undefined, what);
  else {
    ini.set('app', 'directory', home);
    endings.carried(directive, `[app] directory, the home directory of ${user}`, what);
  }
}

/** A virtualenv was often meant by what python-path names: its site-packages. */
function python(ini: Ini, directive: Directive, context: Context): void {
  const { endings } = context;
  const home = mainWord(context, 'wsgipythonhome');
  if (home !== null) {
    if (ini.get('app', 'virtualenv') === undefined) ini.set('app', 'virtualenv', home.word);
    endings.carried(home.directive, '[app] virtualenv of those without python-home');
  }
  const path = ini.get('app', 'python-path');
  if (path === undefined) return;
  const kept: string[] = [];
  for (const one of path.split(':').filter((part) => part !== '')) {
    const virtualenv = /^(.+)\/lib(?:64)?\/python[\d.]+\/site-packages\/?$/u.exec(one)?.[1];
    const known = ini.get('app', 'virtualenv');
    if (virtualenv === undefined || (known !== undefined && known !== virtualenv) || virtualenv === '/usr' || virtualenv === '/usr/local') kept.push(one);
    else {
      ini.set('app', 'virtualenv', virtualenv);
      endings.carried(directive, `[app] virtualenv: ${one} is a virtualenv's`, 'WSGIDaemonProcess python-path');
    }
  }
  if (kept.length > 0) ini.set('app', 'python-path', kept.join(':'));
  else ini.remove('app', 'python-path');
}

const VARIABLES = [
  ['wsgipythonoptimize', 'PYTHONOPTIMIZE'],
  ['wsgipythonwarnings', 'PYTHONWARNINGS'],
  ['wsgipythonhashseed', 'PYTHONHASHSEED'],
  ['wsgidontwritebytecode', 'PYTHONDONTWRITEBYTECODE'],
] as const;

function processEnvironment(ini: Ini, context: Context): void {
  for (const [directive, variable] of VARIABLES) {
    const said = mainWord(context, directive);
    if (said === null) continue;
    const isOff = /^(off|0)$/iu.test(said.word) && variable !== 'PYTHONHASHSEED';
    if (!isOff) ini.set('environment', variable, variable === 'PYTHONDONTWRITEBYTECODE' ? '1' : said.word);
    context.endings.carried(said.directive, isOff ? 'the default' : `[environment] ${variable}`);
  }
  apacheEnvironment(ini, context);
}

/** mod_wsgi's processes came from Apache's, and had its environment. */
function apacheEnvironment(ini: Ini, { envvars, endings }: Context): void {
  for (const one of envvars.exported) {
    const { name, value } = one;
    if (ini.get('environment', name) !== undefined) continue;
    if (value === null || !Ini.holds(value)) endings.left(one, 'apps had it in their environment; its value is not known here, or no INI file can hold it', `set ${name} in [environment]`);
    else {
      ini.set('environment', name, value);
      endings.carried(one, `[environment] ${name}`);
    }
  }
  for (const one of envvars.unread) endings.left(one, 'what it changes for apps is not known here', 'set what they need in [environment], [app] or [service]');
}
