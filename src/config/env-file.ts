/** Of a file of `NAME=value` lines, what systemd does not do as its writer thinks. Values are never part of it. */
export interface Passed {
  /** Counted from 1: where the assignment begins. */
  readonly line: number;
  readonly message: string;
  readonly hint?: string;
}

type State = 'before' | 'name' | 'value-begins' | 'value' | 'single' | 'double' | 'comment';

/** What may stand behind a backslash between double quotes, and loses it: systemd's src/basic/env-file.c. */
const ESCAPED = '"\\`$\n';

/** systemd takes values with these, and no other control character: env_value_is_valid() of src/basic/env-util.c. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/u;

/**
 * Reads it as systemd does (systemd.exec(5), EnvironmentFile=), with its quotes and its lines that go on, and says which
 * lines it ignores.
 */
export function passedOver(text: string): Passed[] {
  const found: Passed[] = [];
  let [state, name, value]: [State, string, string] = ['before', '', ''];
  let [line, counted, began] = [1, 0, 1];
  const lineAt = (end: number): number => {
    for (; counted < end; counted++) if (text[counted] === '\n') line++;
    return line;
  };
  const say = (message: string, hint?: string): void => void found.push({ line: began, message, ...(hint === undefined ? {} : { hint }) });
  const assigned = (): void => {
    const what = faultOf(name.trimEnd(), value);
    if (what !== null) say(...what);
    [state, name, value] = ['before', '', ''];
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    const ends = char === '\n' || char === '\r';
    switch (state) {
      case 'before':
        if (/\s/.test(char)) break;
        began = lineAt(at);
        state = char === '#' || char === ';' ? 'comment' : 'name';
        if (state === 'name') at--; // it is the name's first
        break;
      case 'comment':
        if (char === '\\') at++; // until systemd 253 it goes on in the next line
        else if (ends) state = 'before';
        break;
      case 'name':
        if (char === '=') state = 'value-begins';
        else if (ends) {
          say('systemd ignores this line: it has no =');
          [state, name] = ['before', ''];
        } else name += char;
        break;
      case 'value-begins':
      case 'value':
        if (ends) assigned();
        else if (char === '\\') {
          state = 'value';
          at++;
          if (text[at] !== '\n') value += text[at] ?? '';
        } else if (state === 'value-begins' && char === "'") state = 'single';
        else if (state === 'value-begins' && char === '"') state = 'double';
        else if (state === 'value' || !/\s/.test(char)) [state, value] = ['value', value + char];
        break;
      case 'single':
        if (char === "'") state = 'value-begins';
        else value += char;
        break;
      case 'double':
        if (char === '"') state = 'value-begins';
        else if (char === '\\') {
          at++;
          if (text[at] !== '\n') value += (ESCAPED.includes(text[at] ?? '') ? '' : char) + (text[at] ?? '');
        } else value += char;
        break;
    }
  }
  if (state === 'name') say('systemd ignores this line: it has no =');
  if (state === 'single' || state === 'double') say('a quote that begins here is not closed: all that follows is part of this value');
  if (state !== 'before' && state !== 'name' && state !== 'comment') assigned();
  return found;
}

function faultOf(name: string, value: string): [message: string, hint?: string] | null {
  if (/^export\s/.test(name)) return ['systemd ignores this line: it knows no "export"', 'write NAME=value'];
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return ['systemd ignores this line: what stands before the = is no name of a variable', 'letters, digits and _ are possible, and no digit first'];
  if (CONTROL.test(value)) return ['systemd ignores this line: its value holds a control character'];
  return null;
}
