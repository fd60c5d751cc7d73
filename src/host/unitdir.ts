import { utimesSync } from 'node:fs';
import { parseTemplate, socketUnit, templateUnit } from '../plan/names.js';
import { Folder } from './folder.js';

/** The unit files of ours in the directory where systemd looks for an administrator's. */
export class UnitDirectory {
  readonly #folder: Folder;

  constructor(readonly path: string, root = '') {
    this.#folder = new Folder(path, root);
  }

  writeGeneration(app: string, generation: number, text: string): void {
    this.#folder.write(templateUnit(app, generation), text);
  }

  /** The generations of an app that have a unit file. */
  generations(app: string): number[] {
    return (this.#folder.list() ?? []).flatMap((name) => {
      const template = parseTemplate(name);
      return template?.app === app ? [template.generation] : [];
    });
  }

  removeGeneration(app: string, generation: number): void {
    this.#folder.remove(templateUnit(app, generation));
  }

  /** The text of an app's socket drop-in, or null. */
  socketDropIn(app: string): string | null {
    return this.#folder.read(dropIn(app));
  }

  /** Returns whether that changed anything. Null removes it. */
  writeSocketDropIn(app: string, text: string | null): boolean {
    const name = dropIn(app);
    if (this.#folder.read(name) === text) return false;
    if (text !== null) this.#folder.write(name, text);
    else {
      this.#folder.remove(name);
      this.#folder.removeEmpty(dropIns(app)); // an administrator's own drop-ins stay
    }
    return true;
  }

  /** Whether an administrator has taken a unit away: a link to /dev/null. */
  isMasked(name: string): boolean {
    return this.#folder.link(name) === '/dev/null';
  }

  /** The text of a unit file, or null. */
  read(name: string): string | null {
    return this.#folder.read(name);
  }

  /** Writes a unit file unless it says that already. Returns whether it did. */
  write(name: string, text: string): boolean {
    if (this.#folder.read(name) === text) return false;
    this.#folder.write(name, text);
    return true;
  }

  /** Returns whether there was one to remove. */
  remove(name: string): boolean {
    return this.#folder.remove(name);
  }

  /** Makes systemd see that there may be new files: it looks at the time of the directory. */
  touch(): void {
    this.#folder.make('.');
    const now = new Date();
    utimesSync(this.path, now, now);
  }
}

function dropIns(app: string): string {
  return `${socketUnit(app)}.d`;
}

function dropIn(app: string): string {
  return `${dropIns(app)}/10-wsgictl.conf`;
}
