import { appNameFault } from '../config/name.js';
import type { Choice } from './choice.js';

/** Names for apps: the group's, with the script's or callable's where several share the group. */
export class Naming {
  readonly #taken = new Set<string>();
  /** The next number for a name that is taken. */
  readonly #numbers = new Map<string, number>();
  /** How many apps a group has. */
  readonly #counts = new Map<Choice['group'], number>();

  constructor(choices: readonly Choice[]) {
    for (const { group } of choices) this.#counts.set(group, (this.#counts.get(group) ?? 0) + 1);
  }

  nameOf(choice: Choice): string {
    const { group, script, callable } = choice;
    const shared = (this.#counts.get(group) ?? 0) > 1;
    const file = script.slice(script.lastIndexOf('/') + 1).replace(/\.[^.]*$/u, '');
    const own = callable === 'application' ? file : callable;
    const wanted = group === null ? (GENERIC.test(own) ? project(script) ?? own : own) : shared ? `${group.name}-${own}` : group.name;
    const name = this.#free(cleaned(wanted));
    this.#taken.add(name);
    return name;
  }

  #free(name: string): string {
    if (!this.#taken.has(name)) return name;
    for (let number = this.#numbers.get(name) ?? 2; ; number++) {
      const one = `${name.slice(0, 60)}-${number}`;
      this.#numbers.set(name, number + 1);
      if (!this.#taken.has(one)) return one;
    }
  }
}

/** Names of scripts and directories that tell nothing of the app. */
const GENERIC = /^(wsgi|app|application|index|main|django|flask|src|apache2?|current|public|htdocs|deploy|conf|config)$/u;

/** `dashboard` of /usr/share/dashboard/wsgi.py. */
function project(script: string): string | undefined {
  return script.split('/').slice(1, -1).findLast((part) => part !== '' && !GENERIC.test(part));
}

/** A name that an app may have, as near as can be. */
export function cleaned(text: string): string {
  const plain = text.toLowerCase().normalize('NFKD').replace(/[^a-z0-9_.-]+/gu, '-').replace(/^[^a-z0-9]+|[-.]+$/gu, '').slice(0, 60);
  const name = plain === '' ? 'app' : plain;
  return appNameFault(name) === null ? name : `${name.replaceAll('.', '-')}`;
}
