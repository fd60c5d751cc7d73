import { BadValue } from './fault.js';

/** A user's or a group's name, or its number. */
export function readAccount(text: string): string {
  if (/^\d+$/u.test(text)) {
    // 65535 and 4294967295 mean "none" to the kernel.
    const id = Number(text);
    if (id > 4_294_967_294 || id === 65_535) throw new BadValue('is not a number that an account can have');
    return String(id);
  }
  if (!/^[A-Za-z_][A-Za-z0-9_.@-]*\$?$/u.test(text) || text.length > 255) {
    throw new BadValue('is not the name of an account', 'letters, digits, _ . @ and - are possible, or its number');
  }
  return text;
}

export function isRoot(account: string): boolean {
  return account === 'root' || account === '0';
}
