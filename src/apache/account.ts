import type { Sources } from './sources.js';

/** The home directory of an account, by its name or number; null where the machine's passwd does not tell. */
export function homeOf(account: string, sources: Sources): string | null {
  for (const line of (sources.read('/etc/passwd') ?? '').split('\n')) {
    const [name, , uid, , , home = ''] = line.split(':');
    if ((name === account || uid === account) && home.startsWith('/')) return home;
  }
  return null;
}
