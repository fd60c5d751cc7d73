import { BadValue } from './fault.js';
import { readPath, readUrlPath } from './path.js';

/** Files that the proxy serves itself, below a path of URLs. */
export interface Static {
  readonly url: string;
  readonly directory: string;
}

/** `/static /srv/shop/static`. */
export function readStatic(text: string): Static {
  const between = text.search(/\s\//u);
  const url = text.slice(0, Math.max(0, between)).trimEnd();
  const directory = text.slice(between + 1);
  if (!url.startsWith('/')) throw new BadValue('is not a path of URLs and a directory', 'such as /static /srv/shop/static');
  // Neither Apache nor nginx has a way to write them in a path.
  if (/["$\\]/u.test(text)) throw new BadValue(`may not hold any of '"', '$' and '\\'`);
  if (readUrlPath(url) === '/') throw new BadValue('leaves nothing to the app', 'name the path that the files are below');
  if (readPath(directory) === '/') throw new BadValue('would show every file of this machine', 'name the folder of the files');
  return { url: readUrlPath(url), directory: readPath(directory) };
}
