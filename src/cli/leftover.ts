import { join } from 'node:path';
import { configuredApps, iniPath, packagedIni } from '../host/inis.js';
import { knownApps } from '../host/ledger.js';
import { readTrusted } from '../host/trust.js';
import { complain } from './report.js';
import type { Wire } from './wire.js';

/**
 * All apps that there are something to do about: those with an INI file, without what an administrator wrote for the app of
 * a package that is not installed any more. Of that it is said how to be rid of it; an empty file, which had masked such an
 * app, is none.
 */
export function allApps(wire: Wire): string[] {
  return (configuredApps(wire.places) ?? []).filter((app) => {
    const text = leftover(wire, app);
    const path = join(wire.places.root, iniPath(wire.places, app));
    if (text !== null && text !== '') complain(`${path} names nothing to run, and no package brings ${app}: name a module in [app], or rm ${path}`);
    return text === null;
  });
}

/** The text of such a file, or null. Whoever begins an app of his own writes [app], and hears of each fault in it. An app that ran, or was to, has lost its settings by mistake, and is not left out. */
function leftover({ places, state }: Wire, app: string): string | null {
  if (places.packagedApps === null || packagedIni(places, app) !== null || knownApps(state).includes(app)) return null;
  try {
    const text = readTrusted(iniPath(places, app), places.root).content.toString();
    return /^\s*(\[app\]|(module|script|factory)\s*=)/mu.test(text) ? null : text;
  } catch {
    return null;
  }
}
