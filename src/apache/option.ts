import type { Fate } from './known.js';

/** What a value of a daemon process's option is. */
type Kind = 'count' | 'seconds' | 'bytes' | 'number' | 'octal' | 'account' | 'path' | 'text' | 'flag';

export interface Option {
  readonly name: string;
  readonly kind: Kind;
  readonly min?: number;
  /** The setting that it becomes. */
  readonly to?: readonly [section: string, key: string];
  /** What is written for a value; the value itself by default. */
  readonly as?: (value: string) => string;
  /** With 0 it asks for nothing, and nothing is said. */
  readonly zeroIsOff?: true;
  /** Written to the setting, and yet something is to be said. */
  readonly remark?: string;
  readonly fate?: Fate;
}

const seconds = (value: string): string => `${Number(value)}s`;
const orOff = (write: (value: string) => string) => (value: string): string => (Number(value) === 0 ? 'off' : write(value));
const account = (value: string): string => value.replace(/^#/u, '');
const left = (name: string, kind: Kind, reason: string, advice?: string): Option => ({ name, kind, fate: { reason, ...(advice === undefined ? {} : { advice }) } });

/** Every option of WSGIDaemonProcess in mod_wsgi 4.9.4, 5.0.2 and 6.0. */
export const OPTIONS: readonly Option[] = [
  { name: 'user', kind: 'account', to: ['app', 'user'], as: account },
  { name: 'group', kind: 'account', to: ['app', 'group'], as: account },
  { name: 'supplementary-groups', kind: 'text', to: ['service', 'SupplementaryGroups'], as: (value) => value.split(',').map(account).join(' ') },
  { name: 'umask', kind: 'octal', to: ['app', 'umask'] },
  { name: 'home', kind: 'path', to: ['app', 'directory'] },
  { name: 'python-home', kind: 'path', to: ['app', 'virtualenv'] },
  { name: 'python-path', kind: 'text', to: ['app', 'python-path'] },
  { name: 'python-eggs', kind: 'path', to: ['environment', 'PYTHON_EGG_CACHE'] },
  { name: 'lang', kind: 'text', to: ['environment', 'LANG'] },
  { name: 'locale', kind: 'text', to: ['environment', 'LC_ALL'] },
  { name: 'processes', kind: 'count', min: 1, to: ['workers', 'processes'] },
  { name: 'threads', kind: 'count', min: 0, to: ['workers', 'threads'] },
  { name: 'maximum-requests', kind: 'count', zeroIsOff: true, to: ['workers', 'max-requests'] },
  {
    name: 'request-timeout', kind: 'seconds', zeroIsOff: true, to: ['workers', 'request-timeout'], as: seconds,
    remark: 'mod_wsgi stretched it where there are several threads; here it holds for each request',
  },
  {
    name: 'deadlock-timeout', kind: 'seconds', to: ['workers', 'watchdog'], as: orOff(seconds),
    remark: 'watchdog ends a worker in which no Python code can run, as after a deadlock',
  },
  { name: 'startup-timeout', kind: 'seconds', zeroIsOff: true, to: ['reload', 'ready-timeout'], as: seconds },
  { name: 'graceful-timeout', kind: 'seconds', zeroIsOff: true, to: ['reload', 'graceful-timeout'], as: seconds },
  { name: 'shutdown-timeout', kind: 'seconds', zeroIsOff: true, to: ['reload', 'interrupt-timeout'], as: seconds },
  { name: 'listen-backlog', kind: 'count', zeroIsOff: true, to: ['socket', 'backlog'] },
  { name: 'socket-timeout', kind: 'seconds', zeroIsOff: true, to: ['proxy', 'timeout'], as: seconds },
  { name: 'connect-timeout', kind: 'seconds', zeroIsOff: true, to: ['proxy', 'connect-timeout'], as: seconds },
  { name: 'cpu-time-limit', kind: 'seconds', zeroIsOff: true, to: ['service', 'LimitCPU'], remark: 'the kernel ends the worker at once; mod_wsgi let it finish' },
  { name: 'cpu-priority', kind: 'number', to: ['service', 'Nice'] },
  { name: 'memory-limit', kind: 'bytes', zeroIsOff: true, to: ['service', 'LimitDATA'], remark: 'it is for each worker; for all of an app together: MemoryMax= of its slice' },
  { name: 'virtual-memory-limit', kind: 'bytes', zeroIsOff: true, to: ['service', 'LimitAS'] },
  { name: 'stack-size', kind: 'bytes', min: 1, to: ['service', 'LimitSTACK'], remark: 'the stack of the main thread has this limit, too' },

  { ...left('inactivity-timeout', 'seconds', 'systemd does not stop an app that is idle', '[app] activation = on-demand starts it with its first request'), zeroIsOff: true },
  { ...left('restart-interval', 'seconds', 'workers are not replaced because of their age', 'use max-requests, or a timer that runs wsgictl reload'), zeroIsOff: true },
  { ...left('interrupt-timeout', 'seconds', 'a request that is interrupted by request-timeout has until graceful-timeout, then interrupt-timeout', 'see [reload] interrupt-timeout'), zeroIsOff: true },
  { ...left('eviction-timeout', 'seconds', 'a worker that is asked to leave has graceful-timeout', 'see [reload] graceful-timeout'), zeroIsOff: true },
  { ...left('queue-timeout', 'seconds', 'requests wait in the kernel, which does not know their age', 'see [socket] backlog'), zeroIsOff: true },
  { ...left('response-socket-timeout', 'seconds', 'how long a client may take is told by Timeout of Apache'), zeroIsOff: true },
  { ...left('response-flush-delay', 'number', 'what the app yields is sent at once'), zeroIsOff: true },
  { ...left('send-buffer-size', 'bytes', 'the kernel sizes the buffers of sockets'), zeroIsOff: true },
  { ...left('receive-buffer-size', 'bytes', 'the kernel sizes the buffers of sockets'), zeroIsOff: true },
  { ...left('header-buffer-size', 'bytes', 'the limits of gunicorn hold', 'limit_request_field_size in a gunicorn.conf.py raises them'), zeroIsOff: true },
  { ...left('response-buffer-size', 'bytes', 'Apache reads answers as they come', 'ProxyIOBufferSize sets its buffer'), zeroIsOff: true },
  left('display-name', 'text', 'the name of its unit tells what a worker is'),
  left('socket-user', 'account', 'systemd opens the socket, as root', '[socket] user and group say who may connect'),
  left('script-user', 'account', 'nobody else than root says which script runs'),
  left('script-group', 'account', 'nobody else than root says which script runs'),
  left('server-metrics', 'flag', 'there are no metrics of mod_wsgi any more'),
  left('chroot', 'path', 'workers run in the root of the system', '[app] sandbox keeps them away from the rest of it'),
  left('switch-interval', 'text', 'there is no setting for it', "call sys.setswitchinterval() in the app's script"),
  left('newrelic-config-file', 'path', 'mod_wsgi no longer starts the agent', 'set NEW_RELIC_CONFIG_FILE in [environment] and start the agent in the script'),
  left('newrelic-environment', 'text', 'mod_wsgi no longer starts the agent', 'set NEW_RELIC_ENVIRONMENT in [environment] and start the agent in the script'),
];

export const OPTION_NAMES = OPTIONS.map(({ name }) => name);

/** What is wrong with a value, or null. */
export function valueFault({ name, kind, min = 0 }: Option, value: string): string | null {
  switch (kind) {
    case 'count':
    case 'seconds':
    case 'bytes':
      if (!/^\d{1,15}$/u.test(value)) return `${name} '${value}' is not a number`;
      return Number(value) < min ? `${name} must be ${min} or more` : null;
    case 'number': return /^-?\d{1,15}$/u.test(value) ? null : `${name} '${value}' is not a number`;
    case 'octal': return /^[0-7]{1,4}$/u.test(value) ? null : `${name} '${value}' is not an octal number`;
    case 'path': return value.startsWith('/') ? null : `${name} '${value}' is not an absolute path`;
    case 'account': return value === '' ? `${name} has no value` : null;
    case 'flag': return isFlag(value) ? null : `${name} must be On or Off`;
    default: return null;
  }
}

export function isFlag(value: string): boolean {
  return /^(on|off)$/iu.test(value);
}
