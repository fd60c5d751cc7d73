import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readApp, type ReadApp } from '../config/app.js';
import { appNameFault } from '../config/name.js';
import type { AppConfig } from '../config/settings.js';
import { ConfigError, UserError } from '../errors.js';
import type { Places } from './places.js';
import { assertTrusted } from './trust.js';

/** The names of the apps that have an INI file; null if the folder itself is not there. */
export function configuredApps(places: Places): string[] | null {
  try {
    return readdirSync(places.root + places.apps)
      .filter((name) => name.endsWith('.ini') && !name.startsWith('.'))
      .map((name) => name.slice(0, -'.ini'.length))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The INI file of an app. */
export function iniPath(places: Places, app: string): string {
  return join(places.apps, `${app}.ini`);
}

/** Whether what a user gave is the path of an INI file rather than the name of an app. */
export function isPath(text: string): boolean {
  return text.includes('/') || text.endsWith('.ini');
}

/** Reads an app by its name, or an INI file by its path, with all faults. Throws UserError if there is no such app. */
export function readIni(places: Places, nameOrPath: string): ReadApp {
  const given = isPath(nameOrPath);
  const file = given ? nameOrPath : iniPath(places, nameOrPath);
  const name = given ? basename(file, '.ini') : nameOrPath;
  const nameFault = given ? null : appNameFault(name);
  if (nameFault !== null) throw new UserError(nameFault.message, `an app is named as its file in ${places.apps}, without .ini`);
  const path = given ? file : places.root + file;
  try {
    const content = readFileSync(path);
    if (!given) assertTrusted(path, places.root || '/');
    return readApp(file, name, content, places.mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      const apps = configuredApps(places) ?? [];
      const hint = apps.length > 0 ? `there is ${apps.join(', ')}` : `write ${iniPath(places, 'NAME')} first`;
      throw new UserError(given ? `cannot find ${file}` : `there is no app ${name}: ${file} does not exist`, hint);
    }
    if (code === 'EISDIR') return fault(file, 'is a directory, not an INI file');
    if (code === 'EACCES') return fault(file, 'cannot be read by this account');
    throw error;
  }
}

/** Like readIni, but throws ConfigError if the file is faulty. */
export function loadIni(places: Places, nameOrPath: string): AppConfig {
  const { config, diagnostics } = readIni(places, nameOrPath);
  if (config === null) throw new ConfigError(diagnostics);
  return config;
}

function fault(file: string, message: string): ReadApp {
  return { config: null, diagnostics: [{ file, line: 0, message, severity: 'error' }] };
}
