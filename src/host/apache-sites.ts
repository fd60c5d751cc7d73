import { join } from 'node:path';
import { listStranger, MEBIBYTE, readStranger } from './strangers.js';

/** Where Debian and Red Hat have what an administrator switches on in Apache. */
const FOLDERS = ['/etc/apache2/sites-enabled', '/etc/apache2/conf-enabled', '/etc/httpd/conf.d'];

/** No more files are looked at. */
const MOST = 500;

/** Whether a configuration of Apache on this machine names an address; what is commented out does not. */
export function isNamedInApache(address: string, root = ''): boolean {
  const files = FOLDERS.flatMap((folder) => namesIn(folder, root).map((name) => join(folder, name)));
  const named = new RegExp(`${address.replace(/[^A-Za-z0-9/]/g, '\\$&')}(?![A-Za-z0-9._-])`);
  return files.slice(0, MOST).some((file) => textOf(file, root).split('\n').some((line) => !line.trimStart().startsWith('#') && named.test(line)));
}

function namesIn(folder: string, root: string): readonly string[] {
  try {
    return (listStranger(folder, MOST, root) ?? []).map(({ name }) => name).filter((name) => name.endsWith('.conf')).sort();
  } catch {
    return [];
  }
}

/** Of what is no regular file, or cannot be read, nothing. */
function textOf(file: string, root: string): string {
  try {
    return readStranger(file, MEBIBYTE, root)?.toString('utf8') ?? '';
  } catch {
    return '';
  }
}
