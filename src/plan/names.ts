/**
 * The names of units. No name of ours holds a backslash: systemd's escapes (`\x2d`) do not survive Sockets=,
 * EnvironmentFile= and `$VARIABLES`. A dash means hierarchy in slices and in the prefixes of drop-in folders, so there
 * the app's own dashes are written `:`, which no app name contains.
 */

export const TARGET = 'wsgi-app.target';
export const FRONT = 'wsgi-app-front.service';
export const VERDICT = 'wsgi-app-verdict.service';
export const DRAIN = 'wsgi-app-drain.service';
/** Where members of the group wsgictl ask root. */
export const REQUESTS = 'wsgi-request.socket';
/** The globs of every app's handle, of everything that listens and of everything that works, of all apps. */
export const ALL_APPS = 'wsgi-app@*.service';
export const ALL_SOCKETS = 'wsgi-app@*.socket';
export const ALL_WORKERS = 'wsgi-worker-*@*.service';

const WORKER = /^wsgi-worker-([a-z0-9][a-z0-9_.:]*)-([1-9][0-9]*)@([1-9][0-9]*)\.service$/;
const TEMPLATE = /^wsgi-worker-([a-z0-9][a-z0-9_.:]*)-([1-9][0-9]*)@\.service$/;

export interface WorkerName {
  readonly app: string;
  readonly generation: number;
  readonly index: number;
}

const undashed = (app: string): string => app.replaceAll('-', ':');

export const appOf = (unit: string): string => unit.replace(/^wsgi-app@(.*)\.service$/, '$1');
export const appUnit = (app: string): string => `wsgi-app@${app}.service`;
export const socketUnit = (app: string): string => `wsgi-app@${app}.socket`;
/** What holds the private /tmp of an app's workers. */
export const tmpUnit = (app: string): string => `wsgi-app-tmp@${app}.service`;
/** What watches the files by which an app is reloaded. */
export const touchUnit = (app: string): string => `wsgi-app-touch@${app}.path`;
export const touchedUnit = (app: string): string => `wsgi-app-touch@${app}.service`;
export const sliceUnit = (app: string): string => `wsgi-${undashed(app)}.slice`;
export const templateUnit = (app: string, generation: number): string =>
  `wsgi-worker-${undashed(app)}-${generation}@.service`;
export const workerUnit = (app: string, generation: number, index: number): string =>
  `wsgi-worker-${undashed(app)}-${generation}@${index}.service`;
/** The glob of an app's workers, of all generations. */
export const workersOf = (app: string): string => `wsgi-worker-${undashed(app)}-*@*.service`;

export function parseWorker(unit: string): WorkerName | null {
  const match = WORKER.exec(unit);
  if (match === null) return null;
  return { app: (match[1] as string).replaceAll(':', '-'), generation: Number(match[2]), index: Number(match[3]) };
}

/** The app and generation of a template's file name, or null if it is none of ours. */
export function parseTemplate(unit: string): { app: string; generation: number } | null {
  const match = TEMPLATE.exec(unit);
  if (match === null) return null;
  return { app: (match[1] as string).replaceAll(':', '-'), generation: Number(match[2]) };
}
