import type { Section } from './scan.js';

/** Settings of which at most one can be given: who gives one of them means it instead of the others. */
const EITHER: readonly (readonly string[])[] = [
  ['app.module', 'app.script', 'app.factory', 'app.callable'],
  ['app.virtualenv', 'app.python'],
];

/**
 * An administrator's sections over those of a package: a setting that he gives, all its repeats included, is not taken
 * from the package.
 */
export function overlay(own: readonly Section[], packaged: readonly Section[]): readonly Section[] {
  const given = new Set(own.flatMap(({ name, entries }) => entries.map(({ key }) => `${name}.${key}`)));
  for (const settings of EITHER) if (settings.some((setting) => given.has(setting))) settings.forEach((setting) => given.add(setting));
  const left = packaged.map((section) => ({ ...section, entries: section.entries.filter(({ key }) => !given.has(`${section.name}.${key}`)) }));
  return [...own, ...left];
}
