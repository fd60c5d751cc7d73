import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectory, writeWhole } from './files.js';

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
  ensure(root = ''): void {
    const target = root + this.directory;
    if (existsSync(target)) return;
    const temporary = `${target}.${process.pid}.tmp`;
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary, { recursive: true, mode: 0o755 });
    for (const { name, text } of this.#files) writeWhole(join(temporary, name), text);
    renameSync(temporary, target);
    syncDirectory(join(target, '..'));
  }
}
