import { BadValue } from './fault.js';
import { readPath, readUrlPath } from './path.js';

/** Files that the proxy serves itself, below a path of URLs. */
export interface Static {
  readonly url: string;
  readonly directory: string;
}

/** `/static /srv/shop/static`. */
export function readStatic(text: string): Static {
  const [, url, directory] = /^(\/.*?)\s+(\/.*)$/u.exec(text) ?? [];
  if (url === undefined || directory === undefined) throw new BadValue('is not a path of URLs and a directory', 'such as /static /srv/shop/static');
  // Neither Apache nor nginx has a way to write them in a path.
  if (/["$\\]/u.test(text)) throw new BadValue(`may not hold any of '"', '$' and '\\'`);
  if (readUrlPath(url) === '/') throw new BadValue('leaves nothing to the app', 'name the path that the files are below');
  return { url: readUrlPath(url), directory: readPath(directory) };
}
