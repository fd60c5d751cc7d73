import { didYouMean } from '../config/guess.js';
import type { Directive } from './directive.js';
import type { Notes } from './notes.js';
import { showPlace } from './place.js';
import { OPTION_NAMES, OPTIONS, valueFault, type Option } from './option.js';
import type { Server } from './servers.js';

/** What one WSGIDaemonProcess says. */
export interface Group {
  readonly name: string;
  readonly directive: Directive;
  readonly server: Server;
  /** Of each option the last one, which is what mod_wsgi goes by. Without those that are faulty. */
  readonly values: ReadonlyMap<Option, string>;
}

/** Null where it has no name. */
export function readGroup(directive: Directive, server: Server, notes: Notes): Group | null {
  const { place } = directive;
  const words = directive.reader();
  const name = words.next();
  if (name === null || name === '') {
    notes.fault(place, 'WSGIDaemonProcess needs a name', 'WSGIDaemonProcess NAME option=value…');
    return null;
  }
  if (/^[a-z-]+=/u.test(name)) notes.warn(place, `the first word is the name of the group, and here it is '${name}'`, 'write a name before the options');
  const values = new Map<Option, string>();
  while (words.rest.trim() !== '') {
    const given = words.option();
    if (given === null) strayWord(words.next() ?? '', directive, notes);
    else readOption(given, values, directive, notes);
  }
  if (words.unclosed) notes.fault(place, 'a quote is never closed');
  return { name, directive, server, values };
}

function readOption(given: { readonly name: string; readonly value: string }, values: Map<Option, string>, { place }: Directive, notes: Notes): void {
  const option = OPTIONS.find(({ name }) => name === given.name);
  if (option === undefined) {
    const lower = given.name.toLowerCase();
    const hint = OPTION_NAMES.includes(lower) ? `did you mean '${lower}'? Options are written in lower case` : didYouMean(given.name, OPTION_NAMES);
    notes.fault(place, `'${given.name}' is no option of WSGIDaemonProcess`, hint);
    return;
  }
  const fault = valueFault(option, given.value);
  if (fault !== null) notes.fault(place, fault);
  if (values.has(option)) notes.warn(place, `${option.name} is given twice: the last one counts`, option.name === 'python-path' ? 'several directories stand in one, with : between them' : undefined);
  if (fault === null) values.set(option, given.value);
}

function strayWord(word: string, { place }: Directive, notes: Notes): void {
  const hint = word.startsWith('#') ? "'#' begins a comment at the start of a line only" : 'options are written name=value';
  notes.fault(place, `'${word}' is no option of WSGIDaemonProcess`, hint);
}

/** All groups of all servers, by their names, which they have to themselves. */
export function readGroups(servers: readonly Server[], notes: Notes): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  for (const server of servers) {
    for (const directive of server.directives.filter(({ name }) => name === 'wsgidaemonprocess')) {
      const group = directive.unknown.length > 0 ? null : readGroup(directive, server, notes);
      const before = group === null ? undefined : groups.get(group.name);
      if (group !== null && before !== undefined) {
        notes.fault(directive.place, `the group ${group.name} is defined twice`, `it already stands in ${showPlace(before.directive.place)}`);
      } else if (group !== null) groups.set(group.name, group);
    }
  }
  return groups;
}

/** A group of a virtual host is for that host, and for those of the same name. */
export function isReachable(group: Group, from: Server): boolean {
  return group.server.isMain || group.server.name === from.name;
}
