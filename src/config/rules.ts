import { isRoot } from './account.js';
import type { Faults } from './fault.js';
import { isBoth, overlap, showListen, type Listen } from './listen.js';
import type { Settings } from './settings.js';

/** For whom the units are: PID 1, or the manager of one user (`--user`). */
export type Mode = 'system' | 'user';

/** What the file says, for rules that concern more than one setting. */
export interface Given {
  /** The line of a setting, also of one with a faulty value; undefined where the file does not give it. */
  line(setting: string): number | undefined;
  /** The lines of a repeated setting's good values. */
  lines(setting: string): readonly number[];
  /** The line of the section's header, 0 where there is none. */
  header(section: string): number;
}

/** Applies the rules between settings, and gives the settings back in the form that all others rely on. */
export function applyRules(settings: Settings, given: Given, mode: Mode, faults: Faults): Settings {
  whatToRun(settings, given, faults);
  if (given.line('app.virtualenv') !== undefined && given.line('app.python') !== undefined) {
    faults.error(given.line('app.python') ?? 0, 'python and virtualenv cannot both be given', 'leave out one of them');
  }
  accounts(settings, given, mode, faults);
  hidden(settings, given, faults);
  if (settings.reload['max-surge'].value === 0 && settings.reload['max-unavailable'].value === 0) {
    const line = given.line('reload.max-surge') ?? given.line('reload.max-unavailable') ?? 0;
    faults.error(line, 'max-surge and max-unavailable cannot both be 0', 'no worker could ever be replaced: raise one of them');
  }
  const jitter = given.line('workers.max-requests-jitter');
  if (jitter !== undefined && settings.workers['max-requests'] === null && given.line('workers.max-requests') === undefined) {
    faults.warn(jitter, 'max-requests-jitter means nothing without max-requests');
  }
  listens(settings, given, faults);
  told(settings, given, mode, faults);
  statics(settings, given, faults);
  warmUps(settings, given, faults);
  paths(settings, given, faults);
  if (settings.workers['min-rate'] !== null && settings.workers['idle-timeout'] === null) {
    faults.error(given.line('workers.min-rate') ?? 0, 'min-rate means nothing without idle-timeout', 'a client has that time in any case: give one');
  }
  warmUpTime(settings, given, faults);
  return normal(settings, mode);
}

/** systemd would end the worker first, and nobody would learn which warm-up it was. */
function warmUpTime({ health, reload }: Settings, given: Given, faults: Faults): void {
  const paths = health['warm-up'].length;
  const longest = paths * health.timeout;
  if (paths === 0 || longest < reload['ready-timeout']) return;
  const line = given.line('health.timeout') ?? given.line('reload.ready-timeout') ?? given.lines('health.warm-up').at(-1) ?? 0;
  faults.warn(line, `${paths === 1 ? 'the warm-up' : `${paths} warm-ups`} may take ${longest / 1000} s, and ready-timeout is ${reload['ready-timeout'] / 1000} s`, 'raise ready-timeout, or lower [health] timeout');
}

function whatToRun({ app }: Settings, given: Given, faults: Faults): void {
  const ways = ['module', 'script', 'factory'].filter((key) => given.line(`app.${key}`) !== undefined);
  if (ways.length === 0) {
    faults.error(given.header('app'), 'nothing says what to run', 'add one of module, script and factory to [app], such as module = shop.wsgi');
  }
  for (const way of ways.slice(1)) {
    faults.error(given.line(`app.${way}`) ?? 0, `${way} and ${ways[0]} cannot both be given`, 'leave out one of them');
  }
  const callable = given.line('app.callable');
  if (callable === undefined) return;
  if (ways[0] === 'factory') faults.error(callable, 'callable means nothing with a factory', 'leave it out');
  if (app.module?.includes(':') === true) {
    faults.error(callable, 'module names its callable already', `leave out callable, or what follows the ':'`);
  }
}

function accounts({ app }: Settings, given: Given, mode: Mode, faults: Faults): void {
  if (mode === 'user') {
    for (const setting of ['app.user', 'app.group', 'socket.user', 'socket.group']) {
      const line = given.line(setting);
      if (line !== undefined) faults.warn(line, `${setting.split('.')[1]} means nothing under --user`, 'the app runs as you');
    }
    return;
  }
  const line = given.line('app.user');
  if (line === undefined) {
    faults.error(given.header('app'), 'nothing says as whom to run', 'add the account to [app], such as user = shop');
  } else if (app.user !== null && isRoot(app.user) && !app['allow-root']) {
    faults.error(line, 'the app would run as root', 'name an account of its own, or add allow-root = yes');
  }
}

/** What ProtectHome=yes hides, a worker cannot run from: systemd.exec(5). */
function hidden({ app }: Settings, given: Given, faults: Faults): void {
  if (app.sandbox !== 'strict') return;
  const paths = { directory: app.directory, virtualenv: app.virtualenv, python: app.python, script: app.script };
  for (const [key, path] of Object.entries(paths)) {
    if (path === null || !isBelowHome(path)) continue;
    faults.error(given.line(`app.${key}`) ?? 0, `${key} ${path} cannot be seen with sandbox = strict`, 'keep it outside of /home, or take sandbox = default');
  }
}

/** The directories of ProtectHome=. */
export function isBelowHome(path: string): boolean {
  return /^\/(home|root|run\/user)(\/|$)/.test(path);
}

function listens({ socket: { listen } }: Settings, given: Given, faults: Faults): void {
  const lines = given.lines('socket.listen');
  listen.forEach((one, index) => {
    const before = listen.findIndex((other, at) => at < index && overlap(one, other) && !isBoth(one, other));
    if (before === -1) return;
    const address = showListen(one);
    const other = showListen(listen[before] as Listen);
    const where = `line ${faults.line(lines[before] ?? 0)}`;
    if (address === other) faults.error(lines[index] ?? 0, `${address} is listened on twice`, `it already stands on ${where}`);
    else faults.error(lines[index] ?? 0, `${address} and ${other} of ${where} cannot both be listened on`, 'one of them has what the other has: leave out that one');
  });
  alone(listen, lines, faults);
}

/** With `0.0.0.0` beside one `[::]`, all of them are for IPv6 alone: BindIPv6Only= is for a whole socket unit. */
function alone(listen: readonly Listen[], lines: readonly number[], faults: Faults): void {
  const hasBoth = (one: Listen): boolean => listen.some((other) => isBoth(one, other));
  if (!listen.some(hasBoth)) return;
  listen.forEach((one, index) => {
    if (one.kind !== 'inet' || one.host !== '::' || hasBoth(one)) return;
    faults.error(lines[index] ?? 0, `[::]:${one.port} would be for IPv6 alone, as the other [::] is beside its 0.0.0.0`, `add listen = 0.0.0.0:${one.port}`);
  });
}

/** What the proxy tells is only worth something where nobody else can tell it. */
function told({ socket, proxy }: Settings, given: Given, mode: Mode, faults: Faults): void {
  const proof = given.line('proxy.proof') ?? 0;
  if (proxy.proof && mode === 'user') {
    faults.error(proof, 'proof means nothing under --user', 'a proxy must not include a file that belongs to an ordinary account: leave it out');
  }
  const open = socket.listen.find(({ kind }) => kind !== 'unix');
  if (proxy.variables === null || proxy.variables.length === 0 || proxy.proof || open === undefined) return;
  const hint = mode === 'user' ? 'listen on a path' : 'listen on a path, or add proof = yes to [proxy]';
  faults.error(given.line('proxy.variables') ?? 0, `every local account can connect to ${showListen(open)} and claim to be ${proxy.variables[0]} of its choice`, hint);
}

/** What the proxy serves as files must not be the app itself. */
function statics({ app, proxy }: Settings, given: Given, faults: Faults): void {
  const lines = given.lines('proxy.static');
  proxy.static.forEach(({ directory }, index) => {
    const inside = [app.directory, app.script].find((path) => path !== null && holds(directory, path));
    if (inside !== undefined) faults.error(lines[index] ?? 0, `${directory} holds the app itself (${inside}): the proxy would show its code`, 'name the folder of the files alone');
  });
}

/** An app with mounts answers 404 elsewhere: see src/worker/_wsgictl_environ.py. A warm-up would ask what nobody gets. */
function warmUps({ health, proxy }: Settings, given: Given, faults: Faults): void {
  const [first, ...others] = proxy.mount.filter((mount) => mount !== '/');
  if (first === undefined) return;
  const prefixes = [first, ...others, ...proxy.route, ...proxy.mount.filter((mount) => mount === '/')];
  const lines = given.lines('health.warm-up');
  health['warm-up'].forEach((text, index) => {
    const path = unescaped(text.replace(/\?.*$/su, ''));
    if (!/\/\.\.?(\/|$)/u.test(path) && prefixes.some((prefix) => holds(asBytes(prefix), path))) return;
    faults.error(lines[index] ?? 0, `warm-up ${text} is below no mount, where the app answers 404`, `such as ${first}/`);
  });
}

function unescaped(path: string): string {
  return asBytes(path).replace(/%([0-9a-f]{2})/giu, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

/** Each byte a character. */
function asBytes(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

/** No server of a proxy takes two answers for one path. Apps are at their mounts where no route is given. */
function paths({ proxy }: Settings, given: Given, faults: Faults): void {
  const at = proxy.route.length > 0 ? 'route' : 'mount';
  const placed = (key: 'route' | 'mount' | 'static', all: readonly string[]): readonly { path: string; line: number }[] =>
    all.map((path, index) => ({ path, line: given.lines(`proxy.${key}`)[index] ?? 0 }));
  const files = placed('static', proxy.static.map(({ url }) => url));
  for (const group of [[...placed(at, proxy[at]), ...files], ...(at === 'route' ? [placed('mount', proxy.mount)] : [])]) {
    const seen = new Map<string, number>();
    for (const { path, line } of [...group].sort((one, other) => one.line - other.line)) {
      const before = seen.get(path);
      if (before !== undefined) faults.error(line, `${path} is named twice`, `it already stands on line ${faults.line(before)}`);
      else seen.set(path, line);
    }
  }
}

/** Whether a path is a folder, or lies in it. */
export function holds(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

function normal(settings: Settings, mode: Mode): Settings {
  const { app, socket } = settings;
  const nobody = mode === 'user' ? { user: null, group: null } : {};
  return {
    ...settings,
    app: {
      ...app,
      ...nobody,
      module: app.module === null || app.module.includes(':') ? app.module : `${app.module}:${app.callable}`,
      python: app.virtualenv === null ? app.python : `${app.virtualenv}/bin/python`,
    },
    socket: { ...socket, ...nobody },
  };
}
