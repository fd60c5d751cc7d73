// The app of the cases: releases of it in a lab, its INI file, and what its requests left.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { labScript } from './root.js';
import type { Lab } from './lab.js';

/** `warm-up` answers /health with an error, `dies` exits 0.5 s after the import, `hangs` never ends its import. */
export type Broken = 'import' | 'warm-up' | 'dies' | 'hangs';

export interface DeployOptions {
  /** Default `shop`. */
  readonly app?: string;
  /** Seconds that the import takes, default 1. */
  readonly importDelay?: number;
  readonly broken?: Broken;
  /** The only worker in which it is broken; default all. */
  readonly brokenWorker?: number;
}

/**
 * Makes /srv/APP/releases/RELEASE and moves /srv/APP/current there, in one rename as `ln -sfn` should. Replies say
 * `X-Release: RELEASE`.
 */
export async function deploy(lab: Lab, release: string | number, options: DeployOptions = {}): Promise<void> {
  const { app = 'shop', importDelay = 1, broken = null, brokenWorker = null } = options;
  const directory = `/srv/${app}/releases/${release}`;
  const settings = JSON.stringify({ release: String(release), importDelay, broken, brokenWorker });
  await lab.sh(
    `
    mkdir -p "$DIRECTORY"
    cat >"$DIRECTORY/app.py"
    echo "$SETTINGS" >"$DIRECTORY/release.json"
    install -d -o deploy -g deploy "/srv/$APP/files"
    chown -R deploy:deploy "$DIRECTORY"
    ln -sfn "$DIRECTORY" "/srv/$APP/.current"
    mv -T "/srv/$APP/.current" "/srv/$APP/current"
    `,
    { input: readFileSync(labScript('fixture-app.py'), 'utf8'), env: { APP: app, DIRECTORY: directory, SETTINGS: settings } },
  );
}

type IniValue = string | number | readonly (string | number)[];
/** Sections of keys; a list is a repeated key, null leaves a key out. */
export type IniOverrides = Readonly<Record<string, Readonly<Record<string, IniValue | null>>>>;

/** The fixture's INI file: `shopIni({ workers: { threads: 4 }, health: { 'warm-up': null } })`. */
export function shopIni(overrides: IniOverrides = {}): string {
  return appIni('shop', overrides);
}

export function appIni(app: string, overrides: IniOverrides = {}): string {
  const defaults: IniOverrides = {
    app: { module: 'app:application', directory: `/srv/${app}/current`, user: 'deploy' },
    workers: { processes: 4 },
    reload: { 'graceful-timeout': '10s', 'interrupt-timeout': '3s' },
    health: { 'warm-up': '/health' },
  };
  const sections = new Set([...Object.keys(defaults), ...Object.keys(overrides)]);
  return [...sections].map((section) => sectionText(section, { ...defaults[section], ...overrides[section] })).join('\n');
}

function sectionText(name: string, keys: IniOverrides[string] = {}): string {
  const lines = Object.entries(keys).flatMap(([key, value]) =>
    value === null ? [] : [value].flat().map((single) => `${key} = ${single}\n`),
  );
  return `[${name}]\n${lines.join('')}`;
}

/** Writes the INI file where `wsgictl apply` looks for it. */
export async function configure(lab: Lab, overrides: IniOverrides = {}, app = 'shop'): Promise<void> {
  await lab.write(`/etc/wsgictl/apps.d/${app}.ini`, appIni(app, overrides), 0o644);
}

/** What one request left in /srv/APP/files. */
export interface Trace {
  /** PATH-RELEASE-PID-…, such as `file-2-117-5e0c31ab`. */
  readonly name: string;
  /** The work was finished. */
  readonly end: boolean;
  /** The `finally:` block ran. */
  readonly fin: boolean;
}

/** The traces of the requests so far; those in flight are neither at their end nor FIN. */
export async function traces(lab: Lab, app = 'shop'): Promise<Trace[]> {
  const directory = join(lab.root, 'srv', app, 'files');
  const lines = (name: string): string[] => readFileSync(join(directory, name), 'latin1').split('\n');
  return readdirSync(directory).sort().map((name) => ({ name, end: lines(name).includes('END'), fin: lines(name).includes('FIN') }));
}

/** Names of the files without their END: requests that were interrupted or killed, or are in flight. */
export async function truncated(lab: Lab, app = 'shop'): Promise<string[]> {
  return (await traces(lab, app)).filter((trace) => !trace.end).map((trace) => trace.name);
}
