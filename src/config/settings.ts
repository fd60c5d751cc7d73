import type { Kind, Limits, ValueOf } from './kinds.js';
import type { Origin } from './origin.js';
import { PROXY_SETTINGS } from './proxy-settings.js';

/** One setting. Defaults are written as in the INI file, and read by the same reader. */
export interface Row extends Limits {
  readonly section: string;
  readonly key: string;
  readonly kind: Kind;
  /** Null: there is none, and the value is null, or an empty list where the key may be repeated. */
  readonly default: string | null;
  /** What happens where the default is null, in words. */
  readonly without?: string;
  readonly doc: string;
  readonly repeat?: true;
  /** What other servers call it, for "did you mean". */
  readonly alias?: readonly string[];
}

/** Every setting there is: reader, help and README are made from this table. */
export const SETTINGS = [
  {
    section: 'app', key: 'module', kind: 'module', default: null, alias: ['wsgi', 'wsgi-app', 'application'],
    doc: 'The module with the WSGI callable: `shop.wsgi`, or `shop.wsgi:application`. Exactly one of module, script and factory is given.',
  },
  {
    section: 'app', key: 'script', kind: 'path', default: null, alias: ['wsgi-file', 'wsgi-script', 'wsgi-script-alias'],
    doc: 'A file with the WSGI callable, as WSGIScriptAlias takes it; its name may end in anything.',
  },
  {
    section: 'app', key: 'factory', kind: 'factory', default: null,
    doc: 'A function that returns the WSGI callable: `shop:create_app()`.',
  },
  {
    section: 'app', key: 'callable', kind: 'identifier', default: 'application', alias: ['callable-object'],
    doc: 'The name of the WSGI callable in the module or script.',
  },
  {
    section: 'app', key: 'directory', kind: 'path', default: null, alias: ['chdir', 'home', 'root', 'working-directory'],
    without: 'none',
    doc: 'The working directory; on Python\'s path it comes after `python-path`. A symbolic link (`/srv/shop/current`) is resolved when a generation is made.',
  },
  {
    section: 'app', key: 'virtualenv', kind: 'path', default: null, alias: ['venv', 'python-home', 'virtual-env'],
    without: 'none',
    doc: 'The virtualenv whose Python runs the app. At most one of virtualenv and python is given.',
  },
  {
    section: 'app', key: 'python', kind: 'path', default: '/usr/bin/python3', alias: ['interpreter'],
    doc: "The Python that runs the app; with a virtualenv it is the virtualenv's `bin/python`.",
  },
  {
    section: 'app', key: 'python-path', kind: 'paths', default: null, alias: ['pythonpath'], without: 'none',
    doc: 'Directories to import from before the `directory`, with `:` between them.',
  },
  {
    section: 'app', key: 'user', kind: 'account', default: null, alias: ['uid'], without: 'must be given',
    doc: 'The account that the workers run as. Without meaning under `--user`, where they run as you.',
  },
  {
    section: 'app', key: 'group', kind: 'account', default: null, alias: ['gid'], without: "the user's own",
    doc: 'The group that the workers run as.',
  },
  {
    section: 'app', key: 'allow-root', kind: 'boolean', default: 'no',
    doc: '`user = root` is refused unless this is `yes`.',
  },
  {
    section: 'app', key: 'umask', kind: 'mode', default: '0027',
    doc: 'The permissions that new files do not get, in octal.',
  },
  {
    section: 'app', key: 'environment-file', kind: 'environment-file', default: null, repeat: true, alias: ['env-file', 'dotenv'],
    without: 'none',
    doc: 'A file of `NAME=value` lines, in a folder that only root can write; every process of the app finds them in its environment. With a `-` before it, it may be missing.',
  },
  {
    section: 'app', key: 'server', kind: 'choice', choices: ['gunicorn'], default: 'gunicorn',
    doc: "The WSGI server, taken from the app's own Python.",
  },
  {
    section: 'app', key: 'gunicorn-config', kind: 'path', default: null, without: 'none', alias: ['gunicorn-conf', 'config'],
    doc: 'A gunicorn.conf.py; without it, one in the `directory` is read. Its hooks are called; what systemd does here (bind, user, timeouts, …) is ignored, and named by `check`.',
  },
  {
    section: 'app', key: 'description', kind: 'text', default: null, without: 'the name of the app', alias: ['display-name'],
    doc: 'What systemctl and the journal call the app.',
  },
  {
    section: 'app', key: 'sandbox', kind: 'choice', choices: ['default', 'strict', 'off'], default: 'default',
    doc: 'How much of the system the workers are kept away from.',
  },
  {
    section: 'app', key: 'activation', kind: 'choice', choices: ['boot', 'on-demand'], default: 'boot',
    doc: 'Started at boot, or by the first connection.',
  },

  {
    section: 'workers', key: 'processes', kind: 'count', min: 1, max: 1000, default: '2', alias: ['workers', 'num-workers'],
    doc: 'The number of worker processes.',
  },
  {
    section: 'workers', key: 'threads', kind: 'count', min: 1, max: 1000, default: '1',
    doc: 'The number of requests that one worker answers at a time. With 1, whatever a request waits for can be interrupted.',
  },
  {
    section: 'workers', key: 'max-requests', kind: 'count', min: 1, off: true, default: 'off', alias: ['maximum-requests'],
    doc: 'A worker that has answered so many requests ends, and another starts in its place.',
  },
  {
    section: 'workers', key: 'max-requests-jitter', kind: 'count', default: '0',
    doc: 'Up to so many requests more, by chance, so that not all workers are replaced at once.',
  },
  {
    section: 'workers', key: 'request-timeout', kind: 'span', min: 1, off: true, default: 'off',
    alias: ['timeout', 'harakiri', 'socket-timeout'],
    doc: 'A request that takes longer is interrupted and answered with 503, and its worker is replaced.',
  },
  {
    section: 'workers', key: 'header-timeout', kind: 'span', min: 1, default: '5s',
    doc: 'A connection that has sent no request for so long is closed.',
  },
  {
    section: 'workers', key: 'idle-timeout', kind: 'span', min: 1, off: true, default: '60s', alias: ['client-timeout', 'body-timeout', 'client-body-timeout', 'send-timeout'],
    doc: 'A client that for so long sends nothing of its body, or takes nothing of its answer, is cut off. An app that takes its time is no reason.',
  },
  {
    section: 'workers', key: 'min-rate', kind: 'count', min: 1, off: true, default: 'off', alias: ['minrate', 'body-rate', 'minimum-rate'],
    doc: 'The bytes a second that a client must at least send of a body, or take of an answer, once it was waited for as long as `idle-timeout`.',
  },
  {
    section: 'workers', key: 'watchdog', kind: 'span', min: 1000, off: true, default: '60s',
    doc: 'A worker in which no Python code has run for so long is ended and replaced. A slow request is no reason.',
  },
  {
    section: 'workers', key: 'children', kind: 'choice', choices: ['kill', 'wait'], default: 'kill',
    doc: 'What becomes of processes that a leaving worker has started and not waited for: ended with it, or waited for until `graceful-timeout`.',
  },

  {
    section: 'socket', key: 'listen', kind: 'listen', default: null, repeat: true, without: '`/run/wsgi/NAME.sock`', alias: ['bind', 'http-socket'],
    doc: 'A path, `127.0.0.1:8000`, `[::1]:8000`, or `@name` in the abstract namespace. Others than paths are open to every local account. One that the network brings may come later than the app.',
  },
  {
    section: 'socket', key: 'mode', kind: 'mode', default: '0660', alias: ['chmod', 'chmod-socket', 'socket-mode'],
    doc: "The socket's permissions, in octal. Who can connect can also claim to be the proxy.",
  },
  {
    section: 'socket', key: 'user', kind: 'account', default: null, without: 'root', alias: ['owner', 'chown-socket', 'socket-user'],
    doc: 'The owner of the socket.',
  },
  {
    section: 'socket', key: 'group', kind: 'account', default: null, without: 'www-data where that group exists', alias: ['socket-group'],
    doc: 'The group of the socket: the one the proxy is in.',
  },
  {
    section: 'socket', key: 'backlog', kind: 'count', min: 1, max: 65_535, default: '2048', alias: ['listen-backlog'],
    doc: 'How many connections wait in the kernel while all workers are busy (`net.core.somaxconn` bounds it too).',
  },

  {
    section: 'reload', key: 'max-surge', kind: 'amount', default: '1',
    doc: 'How many workers more than `processes` may run during a reload, not counting those that drain: a number, or a percentage rounded up. `100%`: all new ones, then all old ones leave.',
  },
  {
    section: 'reload', key: 'max-unavailable', kind: 'amount', default: '0',
    doc: 'How many workers fewer than `processes` may serve during a reload: a number, or a percentage rounded down. Not both can be 0.',
  },
  {
    section: 'reload', key: 'graceful-timeout', kind: 'span', min: 1, default: '30s', alias: ['shutdown-timeout', 'stop-timeout'],
    doc: 'How long a leaving worker may finish its requests, before they are interrupted.',
  },
  {
    section: 'reload', key: 'interrupt-timeout', kind: 'span', min: 1, default: '5s',
    doc: 'How long interrupted requests have for their `finally:` blocks, before the worker is killed.',
  },
  {
    section: 'reload', key: 'ready-timeout', kind: 'span', min: 1, default: '60s', alias: ['startup-timeout', 'start-timeout'],
    doc: 'How long a new worker may import the app and answer its warm-up.',
  },
  {
    section: 'reload', key: 'settle', kind: 'span', default: '1s',
    doc: 'How long a new worker must stay ready before it counts. Until its generation is committed, it accepts no connection in that time.',
  },
  {
    section: 'reload', key: 'touch', kind: 'path', default: null, repeat: true, without: 'none', alias: ['touch-reload', 'reload-on-touch', 'touch-file'],
    doc: 'A file that has the app reloaded when it changes: touched, replaced, or a symbolic link in its path switched. It may be missing.',
  },

  {
    section: 'health', key: 'warm-up', kind: 'request-path', default: null, repeat: true, without: 'none',
    alias: ['warmup', 'path', 'check', 'health-check'],
    doc: 'A path that a new worker requests from the app before it is ready: `/health`.',
  },
  {
    section: 'health', key: 'host', kind: 'host', default: 'localhost', alias: ['server-name', 'host-header'],
    doc: "The host that a warm-up asks for: Django's `ALLOWED_HOSTS` must allow it.",
  },
  {
    section: 'health', key: 'status', kind: 'statuses', default: '200-399', alias: ['expect', 'statuses'],
    doc: 'The statuses that a warm-up may be answered with, with commas between them.',
  },
  {
    section: 'health', key: 'timeout', kind: 'span', min: 1, default: '10s',
    doc: 'How long one warm-up may take.',
  },

  {
    section: 'http', key: 'header-map', kind: 'choice', choices: ['drop', 'pass'], default: 'drop',
    doc: 'What becomes of headers that could pass for others (names with `_`, SCRIPT_NAME, PATH_INFO).',
  },

  ...PROXY_SETTINGS,
] as const satisfies readonly Row[];

type AnyRow = (typeof SETTINGS)[number];

type One<R> = R extends { kind: 'choice'; choices: readonly (infer Choice)[] }
  ? Choice
  : R extends { kind: infer K extends Kind }
    ? ValueOf<K>
    : never;

type Value<R> = R extends { repeat: true }
  ? readonly One<R>[]
  : One<R> | (R extends { default: null } ? null : never) | (R extends { off: true } ? null : never);

/** Each section's settings by their keys in the INI file: `settings.workers['max-requests']`. */
export type Settings = {
  readonly [S in AnyRow['section']]: {
    readonly [R in Extract<AnyRow, { section: S }> as R['key']]: Value<R>;
  };
};

/** One line of `[credentials]`, `[environment]`, `[environ]` or `[service]`, in the order of the file. */
export interface Assignment {
  readonly name: string;
  /** Byte for byte as in the file, without the spaces around it. */
  readonly value: string;
  readonly line: number;
}

/**
 * One app's configuration. Beyond what the file says: `app.module` always names its callable (`shop.wsgi:application`),
 * `app.factory` always has its parentheses, and `app.python` is the virtualenv's where one is given. An empty
 * `socket.listen` stands for the default address. Under `--user` the accounts are null.
 */
export interface AppConfig extends Settings, Origin {
  readonly name: string;
  /** The values are paths. */
  readonly credentials: readonly Assignment[];
  readonly environment: readonly Assignment[];
  readonly environ: readonly Assignment[];
  readonly service: readonly Assignment[];
  /** The lines of each setting that the file gives, by `section.key`, in the order of its values. */
  readonly lines: Readonly<Record<string, readonly number[]>>;
}

/** The group of the socket where the file names none and the system has it. */
export const PROXY_GROUP = 'www-data';
