import { spawnSync } from 'node:child_process';
import { basename, dirname, join } from 'node:path';
import type { AppConfig } from '../config/settings.js';
import { oneLine } from '../config/visible.js';
import { UserError } from '../errors.js';
import { Folder } from '../host/folder.js';
import { ensureStaticUnits, hasPackagedUnits } from '../host/static-units.js';
import { appUnit, socketUnit, TARGET, touchUnit } from '../plan/names.js';
import { systemdRuns } from '../systemd/connect.js';
import { activatedBy } from './activation.js';
import { say } from './report.js';
import { writeTouch } from './touch.js';
import type { Wire } from './wire.js';

/** In ms. */
const LIMIT = 30_000;

/**
 * `--root`: makes ready what another system needs to start an app at its next boot, which then makes the generation.
 * No systemd is asked. Throws UserError where that system has no wsgictl to do so.
 */
export function prepareInRoot(wire: Wire, config: AppConfig, socketText: string | null): void {
  const { places, units } = wire;
  const isThere = new Folder(dirname(places.program), places.root).stat(basename(places.program)) !== undefined;
  if (!isThere && !hasPackagedUnits(places)) {
    throw new UserError(`there is no ${places.program} in ${places.root}`, 'install wsgictl there first');
  }
  ensureStaticUnits(places, units);
  const held = isHeld(places.root, config.name);
  if (!held) {
    units.writeSocketDropIn(config.name, socketText);
    removeTouchFromRoot(wire, config.name);
    const touch = wire.touch(config);
    if (touch !== null) {
      writeTouch(wire, config, touch);
      offline(places.root, 'enable', [touchUnit(config.name)]);
    }
  }
  const ledger = wire.ledger(config.name);
  if (ledger.current() === null) ledger.introduce();
  else ledger.wish({ kind: 'new' });
  const [unit, other] = activatedBy(config.name, config.app.activation);
  offline(places.root, 'disable', [other]);
  offline(places.root, 'enable', [TARGET, unit]);
  say(`${config.name}: starts at the next boot of ${places.root}; its Python was not looked at`);
  if (held && units.socketDropIn(config.name) !== socketText) say(`${config.name}: its socket stays as it is until then, and until: wsgictl apply ${config.name}`);
}

/**
 * Whether the running system holds the app's socket open. With a unit that does not name its address any more, somebody's
 * daemon-reload would leave later workers without one, and nobody would see that it is still to be moved.
 */
function isHeld(root: string, app: string): boolean {
  if (root !== '/' || !systemdRuns(process.env)) return false;
  return spawnSync('systemctl', ['--quiet', 'is-active', socketUnit(app)], { stdio: 'ignore', timeout: LIMIT }).status === 0;
}

/** Removes all of an app but its INI file from another system. */
export function removeFromRoot(wire: Wire, app: string): void {
  const { places, units } = wire;
  offline(places.root, 'disable', [appUnit(app), socketUnit(app)]);
  for (const generation of units.generations(app)) units.removeGeneration(app, generation);
  units.writeSocketDropIn(app, null);
  removeTouchFromRoot(wire, app);
  wire.ledger(app).forget();
}

function removeTouchFromRoot({ places, units }: Wire, app: string): void {
  if (units.read(touchUnit(app)) === null) return;
  offline(places.root, 'disable', [touchUnit(app)]);
  units.remove(touchUnit(app));
}

/**
 * systemctl works on the files alone, with the rules of [Install] that systemd itself goes by. It goes to the folders of
 * links by their paths: one that is a link itself could lead it out of that root.
 */
function offline(root: string, verb: 'enable' | 'disable', units: readonly string[]): void {
  const top = new Folder('/', root);
  const folder = 'etc/systemd/system';
  const linked = ['etc', 'etc/systemd', folder, ...(top.list(folder) ?? []).filter((name) => /\.(wants|requires|upholds|d)$/u.test(name)).map((name) => `${folder}/${name}`)]
    .find((name) => top.link(name) !== null);
  if (linked !== undefined) throw new UserError(`cannot ${verb} ${units.join(', ')} in ${root}: ${top.show(linked)} is a link`, 'make a directory of it');
  const { error, status, stderr } = spawnSync('systemctl', ['--root', root, '--quiet', verb, ...units], { encoding: 'utf8' });
  if (error !== undefined) throw new UserError(`cannot run systemctl: ${error.message}`, 'apt install systemd');
  if (status !== 0) throw new UserError(`cannot ${verb} ${units.join(', ')} in ${root}: ${oneLine(stderr)}`, `look at ${join(root, 'etc/systemd/system')}`);
}
