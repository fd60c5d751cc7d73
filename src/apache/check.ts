import { didYouMean, editDistance } from '../config/guess.js';
import type { Context } from './context.js';
import { walk, type Directive } from './directive.js';
import { isReachable, type Group } from './group.js';
import { isWsgiHandler } from './keep.js';
import { KNOWN, knownDirective } from './known.js';
import { isFlag } from './option.js';
import { serversOf, type Server } from './servers.js';

const NAMES = KNOWN.map(({ name }) => name);

/** Those that take more than one argument, or options. */
const MANY = /^wsgi(daemonprocess|scriptalias(match)?|importscript|restrictprocess|trustedprox.*|dispatchscript|handlerscript|accessscript|auth.*script|interpreteroptions|telemetry.*)$/u;

/** What Apache itself would refuse in the directives of mod_wsgi, wherever they stand. Returns how many there are. */
export function checkDirectives(tree: readonly Directive[], { notes }: Pick<Context, 'notes'>, variables: readonly string[]): number {
  let count = 0;
  for (const { directive, around } of walk(tree)) {
    const { name, written, place, unknown } = directive;
    const known = knownDirective(name);
    if (known === undefined) {
      if (isWsgiHandler(directive)) count++;
      if (isMisspelt(written)) notes.fault(place, `there is no directive ${written}`, didYouMean(written, NAMES) ?? 'mod_wsgi 4.9, 5.0 and 6.0 have none of that name');
      continue;
    }
    count++;
    for (const variable of unknown) {
      const hint = didYouMean(variable, variables);
      notes.fault(place, `\${${variable}} is not defined`, hint?.replace(/'(.*)'/u, '${$1}') ?? 'it may stand in /etc/apache2/envvars; give it with -D NAME=VALUE');
    }
    const section = around.find((one) => one.name !== 'virtualhost');
    if (known.where !== 'anywhere' && section !== undefined) notes.fault(place, `${known.name} is not allowed in <${section.written}>`);
    else if (known.where === 'main' && around.length > 0) notes.fault(place, `${known.name} is not allowed in <VirtualHost>`, 'it is for the whole of Apache');
    const { words } = directive;
    if (!MANY.test(name) && words.length !== 1) notes.fault(place, `${known.name} takes one argument`);
    else if (known.flag === true && !isFlag(words[0] ?? '')) notes.fault(place, `${known.name} must be On or Off`);
  }
  return count;
}

function isMisspelt(written: string): boolean {
  return /^wsgi/iu.test(written) || (/^w/iu.test(written) && NAMES.some((name) => editDistance(name.toLowerCase(), written.toLowerCase()) <= 2));
}

/** Whether no script goes by it; who still does finds the fault. */
function isOverruled(directive: Directive, { directives }: Server): boolean {
  const aliases = directives.filter(({ name }) => /^wsgiscriptalias(match)?$/u.test(name));
  return directives.includes(directive) && aliases.length > 0 && aliases.every(({ text }) => /\sprocess-group=/u.test(text));
}

/** Process groups that are named somewhere and are not there for it, also where no request would come. */
export function checkGroups(tree: readonly Directive[], groups: ReadonlyMap<string, Group>, { notes }: Pick<Context, 'notes'>): void {
  for (const server of serversOf(tree)) {
    for (const { directive } of walk(server.directives)) {
      if (directive.name !== 'wsgiprocessgroup' || directive.unknown.length > 0) continue;
      const [name = ''] = directive.words;
      const group = groups.get(name);
      if (name === '' || name.startsWith('%{') || (group !== undefined && isReachable(group, server))) continue;
      if (group === undefined && isOverruled(directive, server)) {
        notes.warn(directive.place, `the group ${name} is not defined, and each WSGIScriptAlias here names another`);
        continue;
      }
      const message = group === undefined ? `the group ${name} is not defined` : `the group ${name} belongs to another virtual host`;
      notes.fault(directive.place, message, didYouMean(name, [...groups.keys()].filter((one) => one !== name)));
    }
  }
}
