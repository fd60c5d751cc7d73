import { existsSync } from 'node:fs';
import type { Address } from './bus.js';
import { UserError } from '../errors.js';

/**
 * Where systemd is to be reached. Root speaks to PID 1 itself, which works without a bus daemon, as systemctl does;
 * so does the owner of a user manager. Others go by the system bus, where polkit decides.
 */
export function systemdAddress(mode: 'system' | 'user', env: NodeJS.ProcessEnv, uid: number): Address {
  if (mode === 'user') {
    const runtime = env['XDG_RUNTIME_DIR'] ?? `/run/user/${uid}`;
    const path = `${runtime}/systemd/private`;
    if (existsSync(path)) return { address: `unix:path=${path}`, daemon: false };
    throw new UserError(
      `cannot reach your systemd user manager at ${path}`,
      'is there a login session? `loginctl enable-linger` starts one at boot',
    );
  }
  if (!existsSync('/run/systemd/private')) {
    throw new UserError('cannot reach systemd: it is not running here', '`wsgictl render` and `check` need no systemd');
  }
  if (uid === 0) return { address: 'unix:path=/run/systemd/private', daemon: false };
  return { address: 'unix:path=/run/dbus/system_bus_socket', daemon: true };
}
