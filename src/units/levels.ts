/** A unit's drop-in folders by their names, in the order in which they count: systemd.unit(5), unit_file_find_dirs(). */
export interface Levels {
  /** `wsgi-worker-shop-7@1.service.d`, …, `wsgi-.service.d`. */
  readonly named: readonly string[];
  /** `service.d`, which comes after all of these. */
  readonly type: string;
}

/** `unit`: a whole name, with an instance where it has one. */
export function levelsOf(unit: string): Levels {
  const [, prefix = '', instance, type = ''] = /^([^@]*)(@.*)?\.(\w+)$/u.exec(unit) ?? [];
  const prefixes = [prefix];
  for (let at = dashBefore(prefix, prefix.length); at !== -1; at = dashBefore(prefix, at)) prefixes.push(prefix.slice(0, at + 1));
  const folders = prefixes.flatMap((one, depth) => {
    if (instance === undefined) return [one];
    // What comes of the template's own name, with its last parts cut off, has no @ any more.
    return [`${one}${instance}`, `${one}@`, ...(depth === 0 ? prefixes.slice(1) : [])];
  });
  return { named: [...new Set(folders)].map((one) => `${one}.${type}.d`), type: `${type}.d` };
}

/** The last dash before a place that has something after and before it; -1 for none. */
function dashBefore(prefix: string, end: number): number {
  const at = prefix.slice(0, end).replace(/-$/u, '').lastIndexOf('-');
  return at > 0 ? at : -1;
}
