import { BadValue } from '../config/fault.js';
import { givenAbove, opensOfUnit, type Opened } from '../config/opened.js';
import { lineOf, place } from '../config/origin.js';
import { holds } from '../config/rules.js';
import { ConfigError, UserError, type Diagnostic } from '../errors.js';
import { distrust, distrustAtStart, type Distrust } from '../host/trust.js';
import type { Generation } from '../plan/generation.js';
import { workerUnit } from '../plan/names.js';
import type { Staged } from '../plan/stage.js';
import { credential, environmentFile } from '../units/view.js';
import type { Wire } from './wire.js';

/**
 * Root, that is systemd before it becomes the app's account, opens some paths of a configuration: for those, and for the
 * folders that its sockets are made in, nobody but root may decide what they lead to. Throws ConfigError with all that
 * are otherwise. A user's manager opens only what is its user's anyway.
 */
export function assertOpenable(wire: Wire, staged: Staged): void {
  if (wire.places.mode === 'user') return;
  const diagnostics = [...openFaults(wire, staged), ...listenFaults(wire, staged)];
  if (diagnostics.length > 0) throw new ConfigError(diagnostics);
}

function openFaults(wire: Wire, staged: Staged): Diagnostic[] {
  const { config, unitText } = staged;
  const { root } = wire.places;
  const all = opensOfUnit(unitText, unitsOf(config.name, 1, config.workers.processes));
  return all.flatMap((opened) => {
    const found = distrustGiven(opened, all) ?? distrust(opened.path, { kind: opened.kind, mayMiss: opened.mayMiss, opener: null, root });
    if (found === null) return [];
    const { label, ...where } = sourceOf(opened, staged);
    return [{ ...where, message: `${label} ${opened.path}: ${inWords(found, harmOf(opened))}`, ...hint(found, adviceOf(opened, config.name)), severity: 'error' as const }];
  });
}

function listenFaults(wire: Wire, { config }: Staged): Diagnostic[] {
  const { root } = wire.places;
  return wire.socket(config).addresses.flatMap((address, index) => {
    // Another system's /run is made anew when it boots; its socket looks then.
    const isJudged = address.startsWith('/') && (root === '' || !holds('/run', address));
    const found = isJudged ? distrustListen(address, root) : null;
    if (found === null) return [];
    return [{ ...lineOf(config, 'socket.listen', index), message: `listen ${address}: ${inWords(found, 'give away another file')}`, ...hint(found, `leave out listen, or choose a path such as /run/${config.name}.sock`), severity: 'error' as const }];
  });
}

/** systemd makes the socket there, and gives it to its account, by its path: null if nobody can come between. */
export function distrustListen(address: string, root = ''): Distrust | null {
  return distrust(address.replace(/\/[^/]*$/u, '') || '/', { kind: 'folder', mayMiss: true, opener: null, root });
}

/** What an earlier generation would have root open that it must not, in words; null if nothing. */
export function unopenable(wire: Wire, app: string, generation: Generation): string | null {
  return faultOf(wire, app, generation, (opened, all) => distrustGiven(opened, all) ?? distrust(opened.path, { kind: opened.kind, mayMiss: opened.mayMiss, opener: null }));
}

/**
 * What is committed may be older than these rules, and is not kept from a start by a folder alone: see distrustAtStart.
 * Throws UserError.
 */
export function assertStartable(wire: Wire, app: string, generation: Generation): void {
  const found = faultOf(wire, app, generation, ({ path, kind, mayMiss }) => distrustAtStart(path, { kind, mayMiss }));
  if (found !== null) throw new UserError(`cannot start ${app}: ${found}`, `wsgictl check ${app}`);
}

function faultOf(wire: Wire, app: string, { number, processes }: Generation, judge: (opened: Opened, all: readonly Opened[]) => Distrust | null): string | null {
  if (wire.places.mode === 'user') return null;
  try {
    const all = opensOfUnit(wire.ledger(app).unitText(number) ?? '', unitsOf(app, number, processes));
    for (const opened of all) {
      const found = judge(opened, all);
      if (found !== null) return `${opened.directive}= ${opened.path}: ${inWords(found, harmOf(opened))}`;
    }
    return null;
  } catch (error) {
    if (error instanceof BadValue) return `a path of its unit ${error.message}`;
    throw error;
  }
}

function unitsOf(app: string, generation: number, processes: number): string[] {
  return Array.from({ length: processes }, (_, at) => workerUnit(app, generation, at + 1));
}

function inWords({ path, reason, foreign }: Distrust, harm: string): string {
  return `${path} ${reason}${foreign ? `: root could be made to ${harm}` : ''}`;
}

function hint(found: Distrust, text: string): { readonly hint?: string } {
  return found.foreign ? { hint: text } : {};
}

/** The line that a path comes from, and what it is called there. */
function sourceOf({ directive, value }: Opened, { config, template }: Staged): { readonly label: string; readonly file: string; readonly line: number } {
  const passed = config.service.find((one) => one.name === directive && one.value === value);
  if (passed !== undefined) return { label: directive, ...place(config, passed.line) };
  const secret = config.credentials.find((one) => directive === 'LoadCredential' && credential(one) === value);
  if (secret !== undefined) return { label: secret.name, ...place(config, secret.line) };
  const index = directive === 'EnvironmentFile' ? config.app['environment-file'].findIndex((file) => environmentFile(file) === value) : -1;
  return index === -1 ? { label: directive, file: template.file, line: 0 } : { label: 'environment-file', ...lineOf(config, 'app.environment-file', index) };
}

/** When systemd has made what it makes for the app's account, that one decides what is in there. */
function distrustGiven(opened: Opened, all: readonly Opened[]): Distrust | null {
  const path = givenAbove(opened, all);
  return path === null ? null : { path, reason: "is the app's own by then", foreign: true };
}

function harmOf({ kind }: Opened): string {
  return kind === 'place' ? 'mount or make something elsewhere' : 'open another file';
}

/** Where it would be at home. */
function adviceOf({ directive, kind }: Opened, app: string): string {
  if (kind === 'place') return `name a path whose folders only root can write${directive.startsWith('Bind') ? ', or use ReadWritePaths' : ''}`;
  const secret = directive === 'EnvironmentFile' ? `/etc/wsgictl/secrets/${app}.env` : '/etc/wsgictl/secrets';
  return `keep it in a folder that only root can write, such as ${directive.startsWith('Standard') ? `/var/log/${app}.log` : secret}`;
}
