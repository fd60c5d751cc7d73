import { createServer } from 'node:net';
import { existsSync } from 'node:fs';
import type { AppConfig } from '../config/settings.js';
import type { Listen } from '../config/listen.js';
import { EXIT, UserError, type ExitCode } from '../errors.js';
import { appUnit, socketUnit } from '../plan/names.js';
import { say } from './report.js';
import type { Wire } from './wire.js';

/**
 * Moves an app's socket. systemd cannot reload a socket, and a daemon-reload after which the unit does not name the
 * held address any more would leave later workers without a socket. So it listens on the old and the new address
 * between: both named, read, restarted (the app follows; clients wait, those in the backlog are reset), then the new
 * one alone. Interrupted anywhere, the next apply sees a drop-in that is not the wanted one and does it again.
 */
export async function moveSocket(wire: Wire, config: AppConfig, wanted: string | null): Promise<ExitCode> {
  const { systemd, units } = wire;
  const { name } = config;
  const before = units.socketDropIn(name);
  const held = addresses(before, wire, name);
  const added = addresses(wanted, wire, name).filter((address) => !held.includes(address));
  for (const listen of config.socket.listen) await probe(listen, held);

  if (added.length > 0) say(`${name}: the socket moves to ${added.join(', ')}: clients wait a moment, those still queued are cut off`);
  const lines = (wanted ?? before ?? '').split('\n').filter((line) => !line.startsWith('ListenStream='));
  const both = [...lines, 'ListenStream=', ...[...held, ...added].map((address) => `ListenStream=${address}`), ''].join('\n');
  units.writeSocketDropIn(name, both);
  await systemd.daemonReload();
  await systemd.jobResult(await systemd.restart(socketUnit(name)));
  const unit = await systemd.unit(appUnit(name));
  if (unit.active !== 'active') await systemd.jobResult(await systemd.start(appUnit(name)));
  units.writeSocketDropIn(name, wanted);
  await systemd.daemonReload();
  return EXIT.done;
}

/** The addresses that a drop-in names, as systemd writes them; the default one where there is no drop-in. */
function addresses(text: string | null, wire: Wire, app: string): string[] {
  const found = [...(text ?? '').matchAll(/^ListenStream=(.+)$/gm)].map((match) => match[1] as string);
  return found.length > 0 ? found : [`${wire.places.mode === 'system' ? '/run' : '%t'}/wsgi/${app}.sock`];
}

/** An address that somebody else has would leave the app without any. Throws UserError. */
async function probe(listen: Listen, held: readonly string[]): Promise<void> {
  if (listen.kind === 'unix') {
    if (!held.includes(listen.path) && existsSync(listen.path)) {
      throw new UserError(`cannot listen on ${listen.path}: it exists already`, `is it in use? if not: rm ${listen.path}`);
    }
    return;
  }
  const shown = listen.kind === 'inet' ? `${listen.host}:${listen.port}` : `@${listen.name}`;
  if (held.some((address) => address.replace(/[[\]]/g, '') === shown)) return;
  await new Promise<void>((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => reject(new UserError(`cannot listen on ${shown}: ${error.code}`, 'choose another address')));
    const options = listen.kind === 'inet' ? { host: listen.host, port: listen.port } : { path: `\0${listen.name}` };
    server.listen(options, () => server.close(() => resolve()));
  });
}
