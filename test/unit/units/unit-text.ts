// A reader of unit files that does what systemd does (config_parse, extract_first_word, specifiers), and no more: what
// it finds in a text is what systemd finds.

export interface Directive {
  readonly section: string;
  readonly name: string;
  readonly value: string;
}

/** The directives of a unit, continued lines joined, comments dropped. Throws where systemd would complain. */
export function readUnit(text: string): Directive[] {
  const directives: Directive[] = [];
  let section = '';
  let begun = '';
  for (const raw of text.split(/[\n\r\0]/)) {
    const line = raw.replace(/^[ \t]+/, '');
    if (/^[#;]/.test(line)) continue;
    const joined = begun + (begun === '' ? line : raw);
    if (endsEscaped(raw)) {
      begun = `${joined.slice(0, -1)} `;
      continue;
    }
    begun = '';
    const trimmed = joined.replace(/^[ \t]+|[ \t]+$/g, '');
    if (trimmed === '') continue;
    if (trimmed.startsWith('[')) {
      if (!trimmed.endsWith(']')) throw new Error(`invalid section header: ${trimmed}`);
      section = trimmed.slice(1, -1);
      continue;
    }
    const equals = trimmed.indexOf('=');
    if (equals < 1 || section === '') throw new Error(`no directive: ${trimmed}`);
    directives.push({
      section,
      name: trimmed.slice(0, equals).replace(/[ \t]+$/, ''),
      value: trimmed.slice(equals + 1).replace(/^[ \t]+/, ''),
    });
  }
  if (begun !== '') throw new Error('the last line is continued');
  return directives;
}

/** Whether a line ends in a backslash that no other backslash escapes. */
function endsEscaped(line: string): boolean {
  return (/\\*$/.exec(line)?.[0].length ?? 0) % 2 === 1;
}

/** The words of a list or command line: quotes taken off, C escapes resolved. */
export function words(value: string): string[] {
  const found: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < value.length; at++) {
    const char = value[at] as string;
    if (char === '\\') {
      const next = value[++at] ?? '';
      if (!/["'\\]/.test(next)) throw new Error(`an escape that none of ours makes: \\${next}`);
      word = (word ?? '') + next;
    } else if (quote !== null) {
      if (char === quote) quote = null;
      else word = (word ?? '') + char;
    } else if (/["']/.test(char) && word === null) {
      quote = char;
      word = '';
    } else if (/["']/.test(char)) {
      throw new Error(`a quote in the middle of a word: ${value}`);
    } else if (/[ \t]/.test(char)) {
      if (word !== null) found.push(word);
      word = null;
    } else word = (word ?? '') + char;
  }
  if (quote !== null) throw new Error(`a quote is not closed: ${value}`);
  return word === null ? found : [...found, word];
}

/** What specifiers make of a text: `%i` is the instance, `%j` the last part of the prefix. Throws for all others. */
export function expand(text: string, instance = 'INSTANCE', generation = 'GENERATION'): string {
  return text.replace(/%(.?)/gsu, (specifier, letter: string) => {
    if (letter === '%') return '%';
    if (letter === 'i') return instance;
    if (letter === 'j') return generation;
    throw new Error(`the specifier ${specifier} in ${text}`);
  });
}

/** The program and arguments of a command line, as the process gets them. Throws for a variable. */
export function command(value: string): string[] {
  const [program = '', ...args] = words(value).map((word) => expand(word));
  if (!program.startsWith('/')) throw new Error(`no path, or one with a prefix: ${program}`);
  return [
    program,
    ...args.map((arg) =>
      arg.replace(/\$(.?)/gsu, (variable, next: string) => {
        if (next !== '$') throw new Error(`the variable ${variable} in ${arg}`);
        return '$';
      }),
    ),
  ];
}
