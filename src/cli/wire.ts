import { join, resolve } from 'node:path';
import { existsSync, realpathSync } from 'node:fs';
import { hasControl, quoted } from '../config/control.js';
import { lineOf } from '../config/origin.js';
import type { AppConfig } from '../config/settings.js';
import { ConfigError, EXIT, UserError, type Diagnostic } from '../errors.js';
import { Folder } from '../host/folder.js';
import { configuredApps, isPackaged } from '../host/inis.js';
import { knownApps, Ledger } from '../host/ledger.js';
import { pin } from '../host/pin.js';
import { places as findPlaces, type Places } from '../host/places.js';
import { Requests } from '../host/requests.js';
import { Runner } from '../host/runner.js';
import { watchedFor } from '../host/stamps.js';
import { readTemplate } from '../host/templates.js';
import { UnitDirectory } from '../host/unitdir.js';
import { templateUnit } from '../plan/names.js';
import type { WantedSocket } from '../plan/plan.js';
import { wantedAddresses } from '../plan/socket.js';
import { stage, type Staged } from '../plan/stage.js';
import { systemdAddress } from '../systemd/connect.js';
import { Manager } from '../systemd/manager.js';
import { render, SOCKET_TEMPLATE, TOUCH_TEMPLATE, WORKER_TEMPLATE } from '../units/render.js';
import { socketView, touchView } from '../units/view.js';

export interface GlobalOptions {
  readonly user?: boolean;
  readonly root?: string;
}

/** The real things, made where they are first asked for. */
export class Wire {
  readonly places: Places;
  readonly units: UnitDirectory;
  readonly state: Folder;
  readonly runner: Runner;
  /** That of whoever runs us: files that are theirs go by it. */
  readonly umask: number;
  #manager: Manager | null = null;

  constructor(options: GlobalOptions) {
    const program = realpathSync(process.argv[1] as string);
    if (options.root !== undefined && !existsSync(options.root)) throw new UserError(`--root: ${options.root} does not exist`, undefined, EXIT.usage);
    // Not its real path: that of /proc/PID/root, a container's, is read as /.
    const root = options.root === undefined ? '' : resolve(options.root);
    this.places = findPlaces(options.user === true ? 'user' : 'system', program, process.env, root);
    // Units and state of a system are for all to read, and its runner is for the apps' accounts, whoever runs us.
    this.umask = options.user === true ? process.umask() : process.umask(0o022);
    this.units = new UnitDirectory(this.places.units, root);
    this.state = new Folder(this.places.state, root);
    this.runner = new Runner(this.places.worker, this.places.state);
  }

  /** Throws UserError where no systemd runs. */
  get systemd(): Manager {
    const { root } = this.places;
    if (root !== '') throw new UserError(`${root} has no running systemd to ask`, '--root goes with check, render and apply');
    this.#manager ??= new Manager(systemdAddress(this.places.mode, process.env, process.getuid?.() ?? 0));
    return this.#manager;
  }

  /** Whether what changes something is root's to do, and not ours. */
  get asksRoot(): boolean {
    return this.places.mode === 'system' && process.getuid?.() !== 0;
  }

  /** Throws UserError if there is neither an INI file of that name nor anything left of such an app. */
  assertApp(app: string): void {
    const left = knownApps(this.state).includes(app) || this.units.generations(app).length > 0;
    if (left || (configuredApps(this.places) ?? []).includes(app)) return;
    throw new UserError(`there is no app ${app}`, 'wsgictl status names those that there are');
  }

  ledger(app: string): Ledger {
    return new Ledger(this.state, app);
  }

  /** The units of all generations that are kept, or that systemd may have. */
  unitTexts(): string[] {
    return knownApps(this.state).flatMap((app) => [
      ...this.ledger(app).generations().flatMap((number) => this.ledger(app).unitText(number) ?? []),
      ...this.units.generations(app).flatMap((number) => this.units.read(templateUnit(app, number)) ?? []),
    ]);
  }

  requests(app: string): Requests {
    return new Requests(this.places.runtime, app);
  }

  /** The generation that a configuration makes now. Throws ConfigError where one of its paths is missing. */
  stage(config: AppConfig): Staged {
    const pinned = pin(config, this.runner.directory, isPackaged(this.places, config), this.places.root);
    const around = {
      mode: this.places.mode,
      stateDirectory: this.places.state,
      unitDirectory: this.places.units,
    };
    const template = readTemplate(this.places, WORKER_TEMPLATE);
    return stage(config, pinned, around, template);
  }

  /** The drop-in and the addresses of an app's socket; no drop-in where it listens as all do. */
  socket(config: AppConfig): WantedSocket {
    const { listen, mode, user, group, backlog } = config.socket;
    const system = this.places.mode === 'system';
    const proxies = this.proxyGroup();
    const usual = listen.length === 0 && user === null && backlog === 2048
      && (system ? mode === 0o660 && (group ?? proxies) === 'www-data' : group === null && config.lines['socket.mode'] === undefined);
    const addresses = wantedAddresses(config, this.usualAddress(config.name));
    if (usual) return { text: null, addresses };
    const template = readTemplate(this.places, SOCKET_TEMPLATE);
    // A user may give a socket to no group but their own.
    return { text: render(template, socketView(config, system ? proxies : null, '%t')), addresses };
  }

  /** The path unit of an app that is reloaded by a touch; null where nothing is watched. Throws ConfigError for a path that cannot be. */
  touch(config: AppConfig): string | null {
    const { touch } = config.reload;
    if (touch.length === 0) return null;
    const faults = touch.flatMap((path, index): Diagnostic[] => {
      const evil = watchedFor(this.places.root, [path]).find(hasControl);
      if (evil === undefined) return [];
      return [{ ...lineOf(config, 'reload.touch', index), message: `touch ${path}: a link leads through ${quoted(evil)}, which no unit can name`, hint: 'see who made that link', severity: 'error' }];
    });
    if (faults.length > 0) throw new ConfigError(faults);
    const template = readTemplate(this.places, TOUCH_TEMPLATE);
    return render(template, touchView(config, watchedFor(this.places.root, touch)));
  }

  /** Where an app listens that says nothing of it. */
  usualAddress(app: string): string {
    return join(this.places.runtime, `${app}.sock`);
  }

  /** The group that gets the socket of an app that names none, or null where the system has no such group. */
  proxyGroup(): string | null {
    const groups = new Folder('/etc', this.places.root).read('group');
    return groups !== null && /^www-data:/m.test(groups) ? 'www-data' : null;
  }

  close(): void {
    this.#manager?.close();
  }
}

/** CLOCK_MONOTONIC in ms: the clock of systemd's timestamps. */
export function monotonic(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
