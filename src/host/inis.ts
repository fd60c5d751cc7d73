import { rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readApp, type ReadApp } from '../config/app.js';
import { appNameFault } from '../config/name.js';
import type { AppConfig } from '../config/settings.js';
import { ConfigError, fileReason, UserError } from '../errors.js';
import { Folder } from './folder.js';
import type { Places } from './places.js';
import { MEBIBYTE, readStranger, Unreadable } from './strangers.js';
import { assertTrusted, readTrusted, type Trusted } from './trust.js';

/** The names of the apps that have an INI file; null if there is not even a folder for them. */
export function configuredApps(places: Places): string[] | null {
  const own = namesIn(places, places.apps);
  const packaged = packagedApps(places);
  if (own === null && packaged.length === 0) return null;
  return [...new Set([...(own ?? []), ...packaged])].filter((app) => !isMasked(places, app)).sort();
}

/** The names of the INI files in the administrator's folder, masks too. */
export function ownApps(places: Places): string[] {
  return namesIn(places, places.apps) ?? [];
}

/** The names of the apps that packages brought, masked ones too. */
export function packagedApps(places: Places): string[] {
  return places.packagedApps === null ? [] : (namesIn(places, places.packagedApps) ?? []);
}

/** The INI file of an app, as an administrator writes it. */
export function iniPath(places: Places, app: string): string {
  return join(places.apps, `${app}.ini`);
}

/** The INI file of an app that a package brought, or null. */
export function packagedIni(places: Places, app: string): string | null {
  return places.packagedApps !== null && packagedApps(places).includes(app) ? join(places.packagedApps, `${app}.ini`) : null;
}

/** Whether a package brought an app, or a part of its settings. */
export function isPackaged(places: Places, { file, packaged }: Pick<AppConfig, 'file' | 'packaged'>): boolean {
  return packaged !== null || (places.packagedApps !== null && dirname(file) === places.packagedApps);
}

/** Removes an app's INI file; what belongs to a package is masked. */
export function removeIni(places: Places, app: string): void {
  const path = places.root + iniPath(places, app);
  rmSync(path, { force: true });
  if (packagedIni(places, app) !== null) symlinkSync('/dev/null', path);
}

/** Whether what a user gave is the path of an INI file rather than the name of an app. */
export function isPath(text: string): boolean {
  return text.includes('/') || text.endsWith('.ini');
}

export interface ReadIni extends ReadApp {
  /** The app's own file as it was read; null for one that is given by its path, or cannot be read. */
  readonly text: Trusted | null;
  /** Why a file that is given by its path may be somebody else's: what it says is not to be run. Null where it is not. */
  readonly foreign: string | null;
}

/** Reads an app by its name, or an INI file by its path, with all faults. Throws UserError if there is no such app. */
export function readIni(places: Places, nameOrPath: string): ReadIni {
  const own = ownName(places, nameOrPath);
  if (own === null) return readPath(places, nameOrPath);
  return readNamed(places, own);
}

/** The name of the app whose own file a path is, so that it is read as `apply` does; null for other paths. */
function ownName(places: Places, nameOrPath: string): string | null {
  if (!isPath(nameOrPath)) return nameOrPath;
  const app = basename(nameOrPath, '.ini');
  const own = [iniPath(places, app), ...(places.packagedApps === null ? [] : [join(places.packagedApps, `${app}.ini`)])];
  return own.some((path) => places.root + path === resolve(nameOrPath)) && appNameFault(app) === null ? app : null;
}

function readNamed(places: Places, nameOrPath: string): ReadIni {
  const nameFault = appNameFault(nameOrPath);
  if (nameFault !== null) throw new UserError(nameFault.message, `an app is named as its file in ${places.apps}, without .ini`);
  const own = iniPath(places, nameOrPath);
  if (isMasked(places, nameOrPath)) throw new UserError(`the packaged app ${nameOrPath} is masked`, `rm ${own}`);
  const packaged = packagedIni(places, nameOrPath);
  const file = packaged !== null && new Folder(places.apps, places.root).stat(`${nameOrPath}.ini`) === undefined ? packaged : own;
  return guarded(places, file, `there is no app ${nameOrPath}: ${file} does not exist`, () => {
    const text = readTrusted(file, places.root);
    const below = packaged === null || packaged === file ? null : { file: packaged, content: readTrusted(packaged, places.root).content };
    return { ...readApp(file, nameOrPath, text.content, places.mode, below), text, foreign: null };
  });
}

/** A file that is given by its path may have been written by anybody, and be one of the other root. */
function readPath({ root, mode }: Places, path: string): ReadIni {
  const whole = resolve(path);
  const isInside = root !== '' && whole.startsWith(`${root}/`);
  try {
    // First: nobody else can put another file in the place of one that is trusted.
    const foreign = isInside ? null : distrusted(whole);
    const content = isInside ? readStranger(whole.slice(root.length), MEBIBYTE, root) : readStranger(path, MEBIBYTE);
    if (content === null) throw new UserError(`cannot find ${path}`);
    return { ...readApp(path, basename(path, '.ini'), content, mode), text: null, foreign };
  } catch (error) {
    if (error instanceof Unreadable) return fault(path, error.reason);
    throw error;
  }
}

/**
 * Why a file could have been written by another account than root, or who runs this; null where it could not. One that is
 * not there may be there in a moment.
 */
function distrusted(path: string): string | null {
  try {
    assertTrusted(path);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function guarded(places: Places, file: string, notThere: string, body: () => ReadIni): ReadIni {
  try {
    return body();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      if (isPath(file) && file !== iniPath(places, basename(file, '.ini'))) throw new UserError(notThere);
      const apps = configuredApps(places) ?? [];
      throw new UserError(notThere, apps.length > 0 ? `there is ${apps.join(', ')}` : `write ${iniPath(places, 'NAME')} first`);
    }
    const reason = fileReason(code);
    if (reason !== null) return fault(file, reason);
    throw error;
  }
}

/** Like readIni, but throws ConfigError if the file is faulty. */
export function loadIni(places: Places, nameOrPath: string): AppConfig {
  const { config, diagnostics } = readIni(places, nameOrPath);
  if (config === null) throw new ConfigError(diagnostics);
  return config;
}

/** As systemd has it: an empty file, or a link to /dev/null, takes away what a package brought. */
function isMasked(places: Places, app: string): boolean {
  const folder = new Folder(places.apps, places.root);
  // A system that is not running has no devices.
  if (folder.link(`${app}.ini`) === '/dev/null') return true;
  const found = folder.stat(`${app}.ini`);
  if (found === undefined || found.isDirectory()) return false;
  return found.isCharacterDevice() || (found.size === 0 && packagedIni(places, app) !== null);
}

function namesIn({ root }: Places, folder: string): string[] | null {
  const names = new Folder(folder, root).list();
  return names === null ? null : names.filter((name) => name.endsWith('.ini') && !name.startsWith('.')).map((name) => name.slice(0, -'.ini'.length));
}

function fault(file: string, message: string): ReadIni {
  return { config: null, text: null, foreign: null, diagnostics: [{ file, line: 0, message, severity: 'error' }] };
}
