import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { removeTree, sweep, syncDirectory, temporaryFor, writeWhole } from './files.js';

/** ms */
const A_DAY = 86_400_000;

/**
 * The worker runner, copied into the state directory under the hash of its content: an upgrade of wsgictl must not
 * change what the workers of a generation run when they are restarted. Returns the directory to run.
 */
export class Runner {
  readonly directory: string;
  readonly #files: readonly { readonly name: string; readonly text: string }[];

  constructor(source: string, stateDirectory: string) {
    const names = readdirSync(source).filter((name) => name.endsWith('.py')).sort();
    this.#files = names.map((name) => ({ name, text: readFileSync(join(source, name), 'utf8') }));
    const hash = createHash('sha256');
    for (const { name, text } of this.#files) hash.update(`${name}\0${text}\0`);
    this.directory = join(stateDirectory, '.runner', hash.digest('hex').slice(0, 12));
  }

  /** Copies it if it is not there yet. */
  ensure(): void {
    if (existsSync(this.directory)) return;
    const folder = dirname(this.directory);
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    sweep(folder);
    const temporary = temporaryFor(this.directory);
    mkdirSync(temporary, { mode: 0o755 });
    try {
      for (const { name, text } of this.#files) writeWhole(join(temporary, name), text);
      renameSync(temporary, this.directory);
    } catch (error) {
      removeTree(temporary);
      if (!existsSync(this.directory)) throw error; // else another command has just made it
    }
    syncDirectory(folder);
  }

  /** Removes the copies of other versions that none of these texts of units names. A new one is somebody's who is at work. */
  keepOnly(texts: readonly string[]): void {
    const folder = dirname(this.directory);
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const isNew = (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > Date.now() - A_DAY;
      if (path !== this.directory && /^[0-9a-f]{12}$/.test(name) && !isNew && !texts.some((text) => text.includes(path))) removeTree(path);
    }
  }
}
