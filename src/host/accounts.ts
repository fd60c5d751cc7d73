import { spawnSync } from 'node:child_process';
import type { Accounts } from '../config/forger.js';
import { Folder } from './folder.js';

/** What /etc/passwd and /etc/group say: passwd(5), group(5). Accounts of a directory service are not in there. */
export function readAccounts(root = ''): Accounts {
  const users = accountRows('passwd', root);
  const groups = accountRows('group', root);
  const find = (table: readonly (readonly string[])[], name: string): readonly string[] | undefined =>
    table.find(([known, , id]) => known === name || id === name);
  const idOf = (table: readonly (readonly string[])[], name: string): number | null => {
    const id = find(table, name)?.[2] ?? (/^\d+$/.test(name) ? name : null);
    return id === null ? null : Number(id);
  };
  return {
    user: (name) => idOf(users, name),
    group: (name) => idOf(groups, name),
    groupsOf: (name) => {
      const [known = name, , , own] = find(users, name) ?? [];
      const others = groups.filter(([, , , members = '']) => members.split(',').includes(known));
      return [...(own === undefined ? [] : [Number(own)]), ...others.map(([, , id]) => Number(id))];
    },
  };
}

/** The name of an account or group; its number where it has none. */
export function nameOf(id: number, file: 'passwd' | 'group', root = ''): string {
  return accountRows(file, root).find((row) => row[2] === String(id))?.[0] || String(id);
}

/** Their fields: name, password, number, … */
export function accountRows(file: 'passwd' | 'group', root = ''): readonly (readonly string[])[] {
  return (new Folder('/etc', root).read(file) ?? '').split('\n').filter((line) => line.includes(':') && !line.startsWith('#')).map((line) => line.split(':'));
}

/** The number of an account or group of this machine, also of one that only a directory service knows; null for none. */
export function accountId(database: 'passwd' | 'group', name: string): number | null {
  return /^\d+$/u.test(name) ? Number(name) : field(database, name, 2);
}

/** The number of an account's own group; null for an account that has none. */
export function ownGroup(user: string): number | null {
  return field('passwd', user, 3);
}

function field(database: 'passwd' | 'group', name: string, at: number): number | null {
  const { stdout } = spawnSync('getent', [database, name], { encoding: 'utf8', timeout: 10_000, killSignal: 'SIGKILL' });
  const value = (stdout ?? '').split(':')[at] ?? '';
  return /^\d+$/u.test(value) ? Number(value) : null;
}
