// Configurations by chance that Apache takes, and what it says it has read.
import type { Directive } from '../../src/apache/directive.js';
import type { Random } from '../unit/random.js';

/** Files of one configuration; the first one is to be read. */
export type Files = Readonly<Record<string, string>>;

const VALUES = ['1', 'word', '"two words"', "'single ones'", '"a \\"quoted\\" one"', '${KNOWN}', '"${KNOWN} ${OTHER}"', 'x${NONE}y', '${map:x}', 'back\\\\slash', '#hash', "it's", '100%'];

/** Makes a configuration of what there is in the grammar: sections, conditions, macros, includes, continued lines. */
export function configuration(random: Random, directory: string): Files {
  const files: Record<string, string> = {};
  const macros: { name: string; parameters: number }[] = [];
  const end = random.once(4) ? '\r\n' : '\n';

  const join = (lines: readonly string[]): string => lines.map((one) => one + end).join('');
  const indent = (lines: readonly string[]): string[] => lines.map((one) => random.pick(['', '  ', '\t']) + one);
  const set = (): string[] => {
    const gap = random.once(4) ? ` \\${end}   ` : ' ';
    return [`${random.pick(['SetEnv', 'setenv', 'SETENV'])} N${random.between(0, 9)}${gap}${random.pick(VALUES)}`];
  };
  const comment = (): string[] => (random.once(3) ? [`# to be \\${end}continued`] : random.once(2) ? ['# SetEnv NO 1'] : ['']);
  const condition = (inner: string[]): string[] => {
    const [name, test] = random.pick([
      ['IfDefine', 'KNOWN'], ['IfDefine', '!KNOWN'], ['IfDefine', 'NONE'], ['IfModule', 'mod_env.c'], ['IfModule', 'env_module'], ['IfModule', '!env_module'], ['IfModule', 'env_module.c'],
      ['IfModule', 'wsgi_module'], ['IfVersion', '>= 2.4'], ['IfVersion', '< 2.4'], ['IfVersion', '= 2.4'], ['IfVersion', '!~ ^2\\.2'], ['IfFile', '/etc/passwd'], ['ifdefine', '!NONE'],
    ] as const);
    return [`<${name} ${test}>`, ...indent(inner), `</${random.pick([name, name.toLowerCase()])}>`];
  };
  const block = (depth: number, inHost: boolean): string[] => {
    const inner = (host = inHost): string[] => Array.from({ length: random.between(0, 3) }, () => block(depth - 1, host)).flat();
    const kind = depth <= 0 ? random.between(0, 2) : random.between(0, 11);
    if (kind <= 2) return kind === 0 ? comment() : set();
    if (kind === 3) return condition(inner());
    if (kind === 4) return [`<Location ${random.pick(['/a', '"/b c"', '/d '])}>`, ...indent([...set(), ...comment()]), random.pick(['</Location>', '</location>'])];
    if (kind === 5 && !inHost) return [`<VirtualHost *:80>`, ...indent([`ServerName h${random.between(1, 9)}.example`, ...inner(true)]), '</VirtualHost>'];
    if (kind === 6) return [`Define ${random.pick(['KNOWN', 'OTHER', 'FLAG'])} ${random.pick(['one', '"a b"', '${KNOWN}+'])}`];
    if (kind === 7) return [`UnDefine ${random.pick(['OTHER', 'FLAG'])}`];
    if (kind === 8) return macro(inner());
    if (kind === 9) return use();
    return include(inner());
  };
  const macro = (inner: string[]): string[] => {
    const name = `M${macros.length}`;
    const parameters = ['$a', '$ab', '%{c}'].slice(0, random.between(0, 3));
    // No macro that others use again: the name of what is being read tells all.
    const body = [`SetEnv ${name} x$a-$ab-%{c}`, ...inner.filter((line) => !/^\s*<\/?(macro|virtualhost)|^\s*(use|include|servername)/i.test(line))];
    const balanced = body.filter((line) => !/^\s*<|\\/.test(line));
    macros.push({ name, parameters: parameters.length });
    return [`<Macro ${name} ${parameters.join(' ')}>`, ...indent(balanced), '</Macro>'];
  };
  const use = (): string[] => {
    const known = macros.at(-1);
    if (known === undefined) return set();
    const values = ['one', 'two', '3'].slice(0, known.parameters);
    return [`Use ${random.pick([known.name, known.name.toLowerCase()])} ${values.join(' ')}`];
  };
  const include = (inner: string[]): string[] => {
    const path = `${directory}/part${Object.keys(files).length}.inc`;
    if (random.once(4)) return [`IncludeOptional ${directory}/none*.conf`];
    files[path] = join(inner.filter((line) => !/^\s*<\/?(virtualhost|macro)|^\s*servername/i.test(line)).every((line) => !line.includes('<')) ? inner.filter((line) => !/servername/i.test(line)) : set());
    return [`Include ${path.replace(/part(\d+)/, random.pick(['part$1', 'p[a]rt$1', '*rt$1']))}`];
  };

  const lines = ['Define KNOWN known', ...Array.from({ length: random.between(2, 8) }, () => block(3, false)).flat()];
  return { [`${directory}/main.conf`]: join(lines), ...files };
}

/** One directive or the end of a section, without spaces that mean nothing. */
export function plainLines(directives: readonly Directive[]): string[] {
  return directives.flatMap(({ written, text, children }) => {
    const head = `${written} ${text}`;
    // Apache prints no end of a section that is empty.
    const end = children === null || children.length === 0 ? [] : [`</${written}>`];
    return (children === null ? [head] : [`<${head}>`, ...plainLines(children), ...end]).map(squeezed);
  });
}

/** The same of what `apache2 -t -D DUMP_CONFIG` prints. */
export function dumpedLines(dump: string): string[] {
  return dump.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !/^# +\d+:$|^# In file:/.test(line)).map(squeezed);
}

/** Line numbers, where a file tells them: not in macros. The last line of each directive, which is what Apache tells. */
export function dumpedNumbers(dump: string, file: string): number[] {
  return dump.split(/^# In file: /m).filter((part) => part.startsWith(`${file}\n`)).flatMap((part) => [...part.matchAll(/^ *# +(\d+):$/gm)].map(([, number]) => Number(number)));
}

function squeezed(line: string): string {
  return line.replace(/\s+/g, ' ').replace(/ >$/, '>').trim().replace(/^(<?\/?)(\w+)/, (_, begin: string, name: string) => begin + name.toLowerCase());
}
