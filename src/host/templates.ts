import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Template, TemplateName } from '../units/render.js';
import { UserError } from '../errors.js';
import type { Places } from './places.js';
import { readTrusted } from './trust.js';

/**
 * Reads a template from the first of the folders that has it: an admin's own wins over the packaged one. Of another root
 * it is that root's admin's; the packaged ones, in the last folder, are ours.
 */
export function readTemplate({ root, templates }: Pick<Places, 'root' | 'templates'>, name: TemplateName): Template {
  for (const [at, folder] of templates.entries()) {
    const from = at === templates.length - 1 ? '' : root;
    const file = join(folder, `${name}.hbs`);
    const text = textIfThere(file, from);
    if (text === null) continue;
    return { name, file: from + file, text, digest: createHash('sha256').update(text).digest('hex').slice(0, 12) };
  }
  throw new UserError(`cannot find the template ${name}.hbs in ${templates.join(' or ')}`, 'reinstall wsgictl');
}

function textIfThere(file: string, root: string): string | null {
  try {
    return readTrusted(file, root).content.toString();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
