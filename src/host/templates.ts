import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Template, TemplateName } from '../units/render.js';
import { UserError } from '../errors.js';
import { readTrusted } from './trust.js';

/** Reads a template from the first of the folders that has it: an admin's own wins over the packaged one. */
export function readTemplate(folders: readonly string[], name: TemplateName): Template {
  for (const folder of folders) {
    const file = join(folder, `${name}.hbs`);
    const text = textIfThere(file);
    if (text === null) continue;
    return { name, file, text, digest: createHash('sha256').update(text).digest('hex').slice(0, 12) };
  }
  throw new UserError(`cannot find the template ${name}.hbs in ${folders.join(' or ')}`, 'reinstall wsgictl');
}

function textIfThere(file: string): string | null {
  try {
    return readTrusted(file).content.toString();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
