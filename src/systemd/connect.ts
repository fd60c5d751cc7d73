import { existsSync, statSync } from 'node:fs';
import type { Address } from './bus.js';
import { UserError } from '../errors.js';

/** The directory of an account's own systemd, which a login session names. In cron, or after `su`, nothing does. */
export function userRuntime(env: NodeJS.ProcessEnv, uid: number): string {
  return env['XDG_RUNTIME_DIR'] ?? `/run/user/${uid}`;
}

/**
 * Where systemd is to be reached. Root speaks to PID 1 itself, which works without a bus daemon, as systemctl does;
 * so does the owner of a user manager. Others go by the system bus, where polkit decides.
 */
export function systemdAddress(mode: 'system' | 'user', env: NodeJS.ProcessEnv, uid: number): Address {
  if (inChroot(env)) throw new UserError('cannot reach systemd: this is a chroot, and the systemd of another root', '`wsgictl --root / apply` prepares its next boot');
  if (mode === 'user') {
    const path = `${userRuntime(env, uid)}/systemd/private`;
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

/** Whether the systemd that could be reached is there for these files, and not for another root with /run bound in here. */
export function systemdRuns(env: NodeJS.ProcessEnv): boolean {
  return existsSync('/run/systemd/private') && !inChroot(env);
}

/**
 * As systemctl has it (running_in_chroot() in systemd's src/basic/virt.c), SYSTEMD_IGNORE_CHROOT included: whether our root
 * is another one than that of PID 1. Who may not know that is in no chroot; without /proc, nobody has booted this.
 */
export function inChroot(env: NodeJS.ProcessEnv): boolean {
  if (/^(1|yes|y|true|t|on)$/iu.test(env['SYSTEMD_IGNORE_CHROOT'] ?? '')) return false;
  if (!existsSync('/proc/self')) return true;
  try {
    const [ours, its] = [statSync('/'), statSync('/proc/1/root')];
    return ours.dev !== its.dev || ours.ino !== its.ino;
  } catch {
    return false;
  }
}
