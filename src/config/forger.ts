import type { Diagnostic } from '../errors.js';
import { lineOf } from './origin.js';
import { PROXY_GROUP, type AppConfig } from './settings.js';

/** Who is who on a machine, by numbers; null for whom it does not know. */
export interface Accounts {
  user(name: string): number | null;
  group(name: string): number | null;
  /** The groups of an account, its own one first. */
  groupsOf(name: string): readonly number[];
}

/** Warnings where somebody else than the proxy can tell the variables that an app believes. `others`: the other apps. */
export function forgersOf(config: AppConfig, others: readonly AppConfig[], accounts: Accounts): readonly Diagnostic[] {
  const { socket, proxy } = config;
  const [variable] = proxy.variables ?? [];
  if (variable === undefined || proxy.proof) return [];
  const warn = (setting: string, who: string, hint: string): Diagnostic => ({
    ...lineOf(config, setting),
    message: `${who} can connect to the socket and claim to be any ${variable}`,
    hint: `${hint}, or add proof = yes to [proxy]`,
    severity: 'warning',
  });
  if ((socket.mode & 0o002) !== 0) return [warn('socket.mode', 'every account of this machine', 'take a mode such as 0660')];
  const able = others.filter((other) => canConnect(other, config, accounts)).map(({ name, app }) => `${name} (as ${app.user})`);
  if (able.length === 0) return [];
  const who = able.length === 1 ? `the app ${able[0]}` : `each of the apps ${able.join(', ')}`;
  return [warn('proxy.variables', who, "give it an account of its own, which is not in the proxy's group")];
}

function canConnect(other: AppConfig, { socket }: AppConfig, accounts: Accounts): boolean {
  const { user, group } = other.app;
  if (user === null) return false;
  const uid = accounts.user(user);
  if (uid !== null && socket.user !== null && uid === accounts.user(socket.user)) return (socket.mode & 0o200) !== 0;
  const gid = accounts.group(socket.group ?? PROXY_GROUP);
  if (gid === null || (socket.mode & 0o020) === 0) return false;
  const more = other.service.filter(({ name }) => name === 'SupplementaryGroups').flatMap(({ value }) => value.split(/\s+/u));
  const groups = [...(group === null ? [] : [group]), ...more].map((name) => accounts.group(name));
  return groups.includes(gid) || accounts.groupsOf(user).includes(gid);
}
