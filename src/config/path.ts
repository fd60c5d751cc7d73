import { BadValue } from './fault.js';

export interface EnvironmentFile {
  readonly path: string;
  /** Written with a leading `-`: it may be missing. */
  readonly optional: boolean;
}

/**
 * An absolute path. Doubled slashes, `.` and a slash at the end are dropped; `..` is refused, since behind a symbolic
 * link it means another place to the kernel than to a reader.
 */
export function readPath(text: string): string {
  if (!text.startsWith('/')) throw new BadValue('is not an absolute path', relativeHint(text));
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new BadValue("may not hold '..'", 'write the path that is meant');
  if (parts.some((part) => bytes(part) > 255)) throw new BadValue('has a part of more than 255 bytes');
  const path = `/${parts.join('/')}`;
  if (bytes(path) > 4095) throw new BadValue('is longer than 4095 bytes');
  return path;
}

/** Absolute paths with `:` between them, as in PYTHONPATH and in mod_wsgi's python-path. */
export function readPaths(text: string): readonly string[] {
  const parts = text.split(':').map((part) => part.trim());
  if (parts.includes('')) throw new BadValue('has an empty part', "write ':' only between two paths");
  return parts.map(readPath);
}

export function readEnvironmentFile(text: string): EnvironmentFile {
  const optional = text.startsWith('-');
  const path = readPath(optional ? text.slice(1) : text);
  // systemd would take it for a pattern and read whatever matches.
  if (/[*?[\]\\]/u.test(path)) throw new BadValue("may not hold any of '*', '?', '[', ']' and '\\'", 'name each file on a line of its own');
  return { path, optional };
}

/** The path of a request, with or without a query. */
export function readRequestPath(text: string): string {
  if (!text.startsWith('/')) throw new BadValue('is not a path of the app', 'such as /health');
  if (/[\s#]/u.test(text)) throw new BadValue("may not hold spaces or '#'", 'write a space as %20');
  return text;
}

/**
 * A prefix of URLs, without escapes and without a slash at its end. nginx looks for it in a path that it has tidied up,
 * and hands on the raw one; that one is below no prefix if it has `//` or `/../` on the way.
 */
export function readUrlPath(text: string): string {
  if (!text.startsWith('/')) throw new BadValue('is not the path of a URL', 'such as /shop');
  if (/[?#]/u.test(text)) throw new BadValue("may not hold '?' or '#'", 'a path ends before them');
  if (/\/\/|\/\.{1,2}(\/|$)/u.test(text)) throw new BadValue("may not hold '//', '/./' or '/../'", 'the proxy compares paths without them');
  return text.length > 1 ? text.replace(/\/$/u, '') : text;
}

/** What a browser would send as Host: RFC 9110, section 7.2. */
export function readHost(text: string): string {
  if (/^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/iu.test(text)) return text;
  throw new BadValue('is not a host name', 'such as www.example.org');
}

export function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

function relativeHint(text: string): string {
  return text.startsWith('~') || text.startsWith('$') ? 'write it in full: nothing is expanded' : "begin it with '/'";
}
