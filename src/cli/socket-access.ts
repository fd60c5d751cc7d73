import { UserError } from '../errors.js';
import { accountId, ownGroup } from '../host/accounts.js';
import { differs, setAccess, type FileAccess } from '../host/socket-file.js';
import { socketUnit } from '../plan/names.js';
import type { WantedSocket } from '../plan/plan.js';
import type { SocketAccess, UnitState } from '../systemd/port.js';
import { say } from './report.js';
import { isSafe } from './socket-move.js';
import type { Wire } from './wire.js';

/**
 * Changes what can be changed of an app's socket while it is open: the drop-in is for the next time that systemd opens it,
 * and its paths get the mode and owner that they would have then. Its backlog is the workers' to set. Throws UserError, with
 * nothing changed, for an account that does not exist.
 */
export async function changeSocket(wire: Wire, app: string, socket: WantedSocket): Promise<void> {
  for (const [, setting = '', name = ''] of (socket.text ?? '').matchAll(/^Socket(User|Group)=(.+)$/gmu)) {
    numberOf(setting === 'User' ? 'passwd' : 'group', name);
  }
  wire.units.writeSocketDropIn(app, socket.text);
  await wire.systemd.daemonReload();
  for (const [path, access] of pathsOf(wire, await wire.systemd.unit(socketUnit(app)))) {
    if (differs(path, access)) setAccess(path, access); // one that is gone comes with the next restart
  }
  say(`${app}: its socket was changed in place`);
}

/** Whether a path of an app's open socket is not as systemd would make it: a change was cut off, or somebody made another. */
export async function hasDrifted(wire: Wire, app: string): Promise<boolean> {
  try {
    return pathsOf(wire, await wire.systemd.unit(socketUnit(app))).some(([path, access]) => differs(path, access));
  } catch (error) {
    if (error instanceof UserError) return false; // An account is gone: whoever opens the socket anew says so.
    throw error;
  }
}

/** The paths of an open socket that nobody else can replace, with what they should be. Throws UserError. */
function pathsOf(wire: Wire, { active, listen, socketAccess }: UnitState): (readonly [path: string, access: FileAccess])[] {
  if (active !== 'active' || socketAccess === undefined) return [];
  const access = accessOf(wire, socketAccess);
  return listen.filter((address) => address.startsWith('/') && isSafe(wire, address)).map((path) => [path, access]);
}

function accessOf({ places }: Wire, { mode, user, group }: SocketAccess): FileAccess {
  const [uid, gid] = places.mode === 'system' ? [0, 0] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  if (user === '') return { mode, uid, gid: group === '' ? gid : numberOf('group', group) };
  // Without a group it is the one of the account: systemd.socket(5).
  return { mode, uid: numberOf('passwd', user), gid: group === '' ? ownGroup(user) ?? gid : numberOf('group', group) };
}

function numberOf(database: 'passwd' | 'group', name: string): number {
  const id = accountId(database, name);
  if (id === null) throw new UserError(`cannot give the socket to the ${database === 'passwd' ? 'account' : 'group'} ${name}: it does not exist`, `getent ${database}`);
  return id;
}
