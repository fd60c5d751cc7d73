import type { AppConfig } from '../config/settings.js';
import { isBoth, isOfNetwork, showListen } from '../config/listen.js';
import { isBelowHome } from '../config/rules.js';
import { proofFile } from '../config/proof.js';
import { variableHeader } from '../config/variable.js';
import { sliceUnit } from '../plan/names.js';
import * as escape from './escape.js';

export type Mode = 'system' | 'user';

/** The exit status of a worker that got no listening socket; a restart would not help it. */
export const NO_SOCKET_STATUS = 78;

/** The paths of a configuration as they were when the generation was made: directories without symbolic links. */
export interface Pinned {
  readonly directory: string | null;
  readonly python: string;
  readonly script: string | null;
  readonly pythonPath: readonly string[];
  readonly gunicornConfig: string | null;
  /** The directory that dpkg replaces in place: the generation keeps its files, and its workers see these. */
  readonly kept: string | null;
  /** What keeps it from that: a path in it that another account than root can change; null where nothing does. */
  readonly foreign?: string | null;
  /** The directory of the worker runner. */
  readonly runner: string;
}

/** Where the files of a generation are, as directives name them (`%j` is the generation's number). */
export interface Around {
  readonly mode: Mode;
  readonly stateDirectory: string;
  readonly unitDirectory: string;
}

/** What the template of a worker's unit is rendered from: all values quoted, ready to stand in a unit file. */
export interface WorkerView {
  readonly app: string;
  readonly source: string;
  readonly frozen: string;
  readonly dropIns: string;
  readonly description: string;
  readonly system: boolean;
  readonly python: string;
  readonly runner: string;
  readonly options: readonly string[];
  readonly slice: string;
  readonly user: string | null;
  readonly group: string | null;
  readonly directory: string | null;
  readonly kept: string | null;
  readonly umask: string;
  readonly credentials: readonly string[];
  readonly environment: readonly string[];
  readonly environmentFiles: readonly string[];
  /** The file with the secret by which the proxy proves itself. */
  readonly proof: string | null;
  readonly gracefulTimeout: string;
  readonly interruptTimeout: string;
  readonly readyTimeout: string;
  readonly watchdog: string;
  readonly noSocketStatus: string;
  readonly sandbox: { readonly on: boolean; readonly strict: boolean; readonly writable: readonly string[] };
  readonly service: readonly string[];
}

/**
 * The view of an app's worker unit. Nothing in it depends on the number of the generation, so that two generations of
 * the same configuration and release have the same text.
 */
export function workerView(config: AppConfig, pinned: Pinned, around: Around): WorkerView {
  const { app, reload } = config;
  const prefix = sliceUnit(config.name).replace(/^wsgi-|\.slice$/g, '');
  const generation = `${escape.path(around.stateDirectory)}/${config.name}/generations/%j`;
  return {
    app: config.name,
    source: config.file,
    frozen: `${generation}/app.ini`,
    dropIns: `${around.unitDirectory}/wsgi-worker-${prefix}-.service.d/`,
    description: `${escape.rest(app.description ?? `WSGI app ${config.name}`)} (worker %i of generation %j)`,
    system: around.mode === 'system',
    python: escape.program(pinned.python),
    runner: escape.argument(pinned.runner),
    options: options(config, pinned, around),
    slice: sliceUnit(config.name),
    user: app.user,
    group: app.group,
    directory: pinned.directory === null ? null : escape.path(pinned.directory),
    kept: pinned.kept === null ? null : `${generation}/code:${pinned.kept}`,
    umask: escape.mode(app.umask),
    credentials: config.credentials.map(credential),
    environment: config.environment.map(({ name, value }) => escape.word(`${name}=${value}`)),
    environmentFiles: app['environment-file'].map((file) => environmentFile(file)),
    proof: config.proxy.proof ? proofFile(escape.path(around.stateDirectory), config.name) : null,
    gracefulTimeout: escape.span(reload['graceful-timeout']),
    interruptTimeout: escape.span(reload['interrupt-timeout']),
    readyTimeout: escape.span(reload['ready-timeout']),
    watchdog: escape.span(config.workers.watchdog),
    noSocketStatus: String(NO_SOCKET_STATUS),
    sandbox: {
      on: app.sandbox !== 'off',
      strict: app.sandbox === 'strict',
      writable: writable(app.sandbox, pinned.directory),
    },
    service: config.service.map(({ name, value }) => `${name}=${value}`),
  };
}

/** The command line of the worker runner (src/worker). `%i` and `%j` are systemd's: instance and generation. */
function options(config: AppConfig, pinned: Pinned, around: Around): string[] {
  const { app, workers, reload, health, http, proxy } = config;
  const seconds = (ms: number): string => String(ms / 1000);
  const settles = reload.settle > 0;
  const mounts = proxy.mount.filter((path) => path !== '/');
  const given: [string, string | null][] = [
    ['app', config.name],
    ['module', app.module],
    ['script', pinned.script],
    ['callable', pinned.script === null ? null : app.callable],
    ['factory', app.factory],
    ...pinned.pythonPath.map((directory): [string, string] => ['python-path', directory]),
    ['threads', String(workers.threads)],
    ['max-requests', workers['max-requests'] === null ? null : String(workers['max-requests'])],
    ['max-requests-jitter', workers['max-requests'] === null ? null : String(workers['max-requests-jitter'])],
    ['request-timeout', workers['request-timeout'] === null ? null : seconds(workers['request-timeout'])],
    ['header-timeout', seconds(workers['header-timeout'])],
    ['idle-timeout', workers['idle-timeout'] === null ? null : seconds(workers['idle-timeout'])],
    ['min-rate', workers['min-rate'] === null ? null : String(workers['min-rate'])],
    ['ready-timeout', seconds(reload['ready-timeout'])],
    ['settle', settles ? seconds(reload.settle) : null],
    ['committed', settles ? `${around.stateDirectory}/${config.name}/current` : null],
    ['children', workers.children],
    ['graceful-timeout', seconds(reload['graceful-timeout'])],
    ['interrupt-timeout', seconds(reload['interrupt-timeout'])],
    ...health['warm-up'].map((path): [string, string] => ['warm-up', path]),
    ['warm-up-host', health['warm-up'].length === 0 ? null : health.host],
    ['warm-up-status', health['warm-up'].length === 0 ? null : statuses(health.status)],
    ['warm-up-timeout', health['warm-up'].length === 0 ? null : seconds(health.timeout)],
    ['backlog', String(config.socket.backlog)],
    ['gunicorn-config', pinned.gunicornConfig],
    ['header-map', http['header-map']],
    ...mounts.map((path): [string, string] => ['mount', path]),
    // An app that is mounted somewhere answers 404 elsewhere, but where the proxy is told to ask it.
    ...(mounts.length === 0 ? [] : [...proxy.route, ...proxy.mount.filter((path) => path === '/')]).filter((path) => !mounts.includes(path)).map((path): [string, string] => ['route', path]),
    ...(proxy.variables ?? []).map((name): [string, string] => ['variable', `${name}=${variableHeader(name)}`]),
    ...config.environ.map(({ name, value }): [string, string] => ['environ', `${name}=${value}`]),
  ];
  return [
    '--generation=%j',
    '--worker=%i',
    '--interrupt-signal=RTMIN+8',
    ...(workers.processes > 1 ? ['--multiprocess'] : []),
    ...(proxy.proof ? ['--proof'] : []),
    ...given.flatMap(([key, value]) => (value === null ? [] : [escape.argument(`--${key}=${value}`)])),
  ];
}

function statuses(ranges: readonly { readonly from: number; readonly to: number }[]): string {
  return ranges.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(',');
}

/** The value of LoadCredential=. */
export function credential({ name, value }: { readonly name: string; readonly value: string }): string {
  return `${name}:${escape.path(value)}`;
}

/** The value of EnvironmentFile=. */
export function environmentFile(file: { readonly path: string; readonly optional: boolean }): string {
  return `${file.optional ? '-' : ''}${escape.path(file.path)}`;
}

/** What the sandbox would make read-only but the app lives in. */
function writable(sandbox: 'default' | 'strict' | 'off', directory: string | null): string[] {
  if (sandbox !== 'default' || directory === null) return [];
  return isBelowHome(directory) ? [escape.word(directory)] : [];
}

/** What the drop-in of an app's socket is rendered from. */
export interface SocketView {
  readonly source: string;
  readonly listen: readonly string[];
  /** Whether it is opened before the machine has one of its addresses. */
  readonly freeBind: boolean;
  /** Whether `[::]` leaves IPv4 to another address of it. */
  readonly ipv6Only: boolean;
  readonly mode: string;
  readonly user: string | null;
  /** Empty: the group of whoever opens it. */
  readonly group: string;
  readonly backlog: string;
}

/** `group`: that of the proxies, or null where the system has none. */
export function socketView(config: AppConfig, group: string | null, runtimeDirectory: string): SocketView {
  const { socket } = config;
  const listen = socket.listen.map(showListen);
  return {
    source: config.file,
    listen: listen.length === 0 ? [`${runtimeDirectory}/wsgi/${config.name}.sock`] : listen.map(escape.path),
    freeBind: socket.listen.some(isOfNetwork),
    ipv6Only: socket.listen.some((one) => socket.listen.some((other) => isBoth(one, other))),
    mode: escape.mode(socket.mode),
    user: socket.user,
    group: socket.group ?? group ?? '',
    backlog: String(socket.backlog),
  };
}

/** What an app's path unit is rendered from. */
export interface TouchView {
  readonly app: string;
  readonly source: string;
  readonly paths: readonly string[];
}

export function touchView(config: AppConfig, paths: readonly string[]): TouchView {
  return { app: config.name, source: config.file, paths: paths.map(escape.path) };
}
