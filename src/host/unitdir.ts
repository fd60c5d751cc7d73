import { existsSync, mkdirSync, readdirSync, rmdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { parseTemplate, socketUnit, templateUnit } from '../plan/names.js';
import { readIfThere, removeIfThere, writeWhole } from './files.js';

/** The unit files of ours in the directory where systemd looks for an administrator's. */
export class UnitDirectory {
  constructor(readonly path: string) {}

  writeGeneration(app: string, generation: number, text: string): void {
    writeWhole(join(this.path, templateUnit(app, generation)), text);
  }

  /** The generations of an app that have a unit file. */
  generations(app: string): number[] {
    return this.#names().flatMap((name) => {
      const template = parseTemplate(name);
      return template?.app === app ? [template.generation] : [];
    });
  }

  removeGeneration(app: string, generation: number): void {
    removeIfThere(join(this.path, templateUnit(app, generation)));
  }

  /** The text of an app's socket drop-in, or null. */
  socketDropIn(app: string): string | null {
    return readIfThere(this.#dropIn(app));
  }

  /** Returns whether that changed anything. Null removes it. */
  writeSocketDropIn(app: string, text: string | null): boolean {
    const path = this.#dropIn(app);
    if (readIfThere(path) === text) return false;
    if (text !== null) writeWhole(path, text);
    else {
      removeIfThere(path);
      try {
        rmdirSync(join(path, '..'));
      } catch {
        // An administrator's own drop-ins stay.
      }
    }
    return true;
  }

  /** The text of a unit file, or null. */
  read(name: string): string | null {
    return readIfThere(join(this.path, name));
  }

  /** Writes a unit file unless it says that already. Returns whether it did. */
  write(name: string, text: string): boolean {
    const path = join(this.path, name);
    if (readIfThere(path) === text) return false;
    writeWhole(path, text);
    return true;
  }

  /** Returns whether there was one to remove. */
  remove(name: string): boolean {
    return removeIfThere(join(this.path, name));
  }

  /** Makes systemd see that there may be new files: it looks at the time of the directory. */
  touch(): void {
    if (!existsSync(this.path)) mkdirSync(this.path, { recursive: true });
    const now = new Date();
    utimesSync(this.path, now, now);
  }

  #dropIn(app: string): string {
    return join(this.path, `${socketUnit(app)}.d`, '10-wsgictl.conf');
  }

  #names(): string[] {
    return existsSync(this.path) ? readdirSync(this.path) : [];
  }
}
