import type { App } from './apps.js';
import type { Context } from './context.js';
import { walk, type Directive } from './directive.js';
import { isWsgiHandler } from './keep.js';
import { knownDirective } from './known.js';
import { regexOf } from './regex.js';
import { sectionRegex } from './section.js';

/**
 * Gives each directive of mod_wsgi that has neither end nor fault its end: nothing is passed over in silence. `overrides`:
 * what .htaccess files say.
 */
export function endRest(tree: readonly Directive[], overrides: readonly Directive[], apps: readonly App[], { endings, notes }: Context): void {
  for (const { directive } of walk(overrides)) {
    const why = unreadable(directive);
    if (why !== null) notes.fault(directive.place, `<${directive.written}>: ${why}`, 'write it simpler, or into the configuration');
  }
  for (const { directive } of walk(tree)) {
    const why = unreadable(directive);
    if (why === null) continue;
    const advice = 'where it is about files, write what it says into the <ProxyMatch> of each app that it holds for';
    endings.left(directive, why, advice, `<${directive.written} ${directive.text}>`);
  }
  for (const { directive, around } of walk([...tree, ...overrides])) {
    endHandler(directive, endings);
    const known = knownDirective(directive.name);
    if (known === undefined || endings.knows(directive) || notes.isFaultyAt(directive.place)) continue;
    if (known.fate !== undefined) endings.left(directive, known.fate.reason, known.fate.advice);
    else if (directive.name === 'wsgiimportscript') importScript(directive, apps, { endings });
    // Of a configuration with faults, it cannot be said what has no use.
    else if (!notes.faulty) endings.left(directive, ...unused(directive, around));
  }
}

/** Why nobody can say here for which apps a section holds, or null. */
function unreadable(directive: Directive): string | null {
  const source = sectionRegex(directive);
  const expression = source === null ? undefined : regexOf(source);
  if (expression === null) return 'its expression cannot be read here, nor for which apps it holds';
  return expression?.tooMuch === true ? 'to match its expression takes too long, so it is not known for which apps it holds' : null;
}

/** Those of files that an Alias names have become apps. */
function endHandler(directive: Directive, endings: Context['endings']): void {
  if (!isWsgiHandler(directive) || endings.knows(directive)) return;
  const { written, words } = directive;
  endings.left(directive, 'which files it runs is known only when they are asked for', 'make an app of each script, with its URL as mount; until then keep mod_wsgi loaded for them', `${written} ${words[0] ?? ''}`);
}

function unused({ name, words }: Directive, around: readonly Directive[]): readonly [reason: string, advice?: string] {
  switch (name) {
    case 'wsgidaemonprocess': return [`the group ${words[0] ?? ''} is used nowhere: no app`, 'remove it'];
    case 'wsgipythonpath': return ['it counts for embedded apps only, and there is none'];
    case 'wsgiapplicationgroup': return ['each app is an interpreter of its own'];
    case 'wsgiscriptalias':
    case 'wsgiscriptaliasmatch': return ['no app came of it'];
    default: {
      const section = around.at(-1);
      const test = around.find((one) => /^(if|elseif|else)$/u.test(one.name));
      if (test !== undefined) return [`<${test.written} ${test.text}> is for each request to decide`, 'route by hand in Apache, if it is needed'];
      return [section === undefined || section.name === 'virtualhost' ? 'it holds for no app' : `<${section.written} ${section.text}> has no effect on any app, and had none in Apache`];
    }
  }
}

function importScript(directive: Directive, apps: readonly App[], { endings }: Pick<Context, 'endings'>): void {
  const words = directive.reader();
  const script = words.next() ?? '';
  let group: string | undefined;
  for (let option = words.option(); option !== null; option = words.option()) if (option.name === 'process-group') group = option.value;
  const same = apps.find(({ choice }) => choice.script === script && (group === undefined || choice.group?.name === group));
  if (same !== undefined) endings.carried(directive, `the app ${same.name}: a worker imports its script before it is ready`);
  else endings.left(directive, 'a worker imports its own script only, before it is ready', `import ${script} from that, or let a warm-up request do it: [health] warm-up`);
}
