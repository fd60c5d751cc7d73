import { nearestOf } from './guess.js';
import { SECTIONS } from './sections.js';
import { SETTINGS, type Row } from './settings.js';

/** What may have been meant by a key that its section does not have. */
export function keyHint(section: string, key: string): string | undefined {
  const rows: readonly Row[] = SETTINGS;
  const here = rows.filter((row) => row.section === section);
  const elsewhere = rows.filter((row) => row.section !== section);
  const found =
    match(here, (row) => isAlias(row, key)) ??
    match(elsewhere, (row) => same(row.key, key)) ??
    nearest(here, key) ??
    match(elsewhere, (row) => isAlias(row, key)) ??
    nearest(elsewhere, key);
  if (found !== undefined) {
    const wanted = found.map((row) => (row.section === section ? `'${row.key}'` : `'${row.key}' in [${row.section}]`));
    return `did you mean ${wanted.join(' or ')}?`;
  }
  if (/^[A-Z]+(_[A-Z0-9]+)+$/u.test(key)) return 'variables stand in [environment]';
  if (/^[A-Z][a-z]\w*[A-Z]?\w*$/u.test(key)) return 'directives of systemd stand in [service]';
  return undefined;
}

/** What may have been meant by a section that there is not. */
export function sectionHint(name: string): string {
  const names = SECTIONS.map((section) => section.name);
  const meant = nearestOf(name, names);
  if (meant !== undefined) return `did you mean [${meant}]?`;
  if (same('unit', name) || same('install', name)) return 'write a drop-in for the units of systemd';
  return `there are ${names.map((known) => `[${known}]`).join(' ')}`;
}

function match(rows: readonly Row[], test: (row: Row) => boolean): readonly Row[] | undefined {
  const found = rows.filter(test);
  return found.length === 0 ? undefined : found;
}

function nearest(rows: readonly Row[], key: string): readonly Row[] | undefined {
  const meant = nearestOf(key, rows.map((row) => row.key));
  return meant === undefined ? undefined : match(rows, (row) => row.key === meant);
}

function isAlias(row: Row, key: string): boolean {
  return row.alias?.some((alias) => same(alias, key)) ?? false;
}

function same(a: string, b: string): boolean {
  return a === b.toLowerCase().replaceAll('_', '-');
}
