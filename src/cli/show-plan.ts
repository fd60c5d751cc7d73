import type { StaticChanges } from '../host/static-units.js';
import type { Change } from '../plan/plan.js';
import { say } from './report.js';

/** What an apply does to an app, with the reasons. */
export function showChange(change: Change): void {
  const scale = change.processes === null ? '' : `: ${change.processes.from} -> ${change.processes.to} workers`;
  switch (change.kind) {
    case 'new':
      return say(`${change.app}: new`);
    case 'unchanged':
      return;
    case 'under-way':
      say(`${change.app}: a roll to this is under way; this command follows it`);
      break;
    case 'unfinished':
      say(`${change.app}: its last roll was cut off`);
      break;
    default:
      say(`${change.app}: changed${scale}`);
  }
  for (const reason of change.reasons) say(`    ${reason}`);
  for (const { mark, text } of change.diff) say(`    ${mark} ${text}`);
}

/** The units that all apps share, which a package brings; without it, apply writes them. */
export function showStaticChanges(changes: StaticChanges, folder: string): void {
  const texts = [...changes.values()];
  if (texts.length === 0) return;
  say(`units that all apps share: ${texts.includes(null) ? `removed from ${folder}, since the package brings them` : `written to ${folder}`}`);
}

export function hintAtReload(apps: readonly string[]): void {
  say('nothing to do');
  say(apps.length === 1 ? `if its code changed in place: wsgictl reload ${apps[0]}` : 'if code changed in place: wsgictl reload NAME');
}
