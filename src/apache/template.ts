import { rawLines } from './lines.js';

export interface Placeholder {
  readonly line: number;
  readonly text: string;
}

/** What no configuration has, wherever it stands. */
const ANYWHERE = /\{%[^{}]*%\}|\{\{[^{}]*\}\}|%\([A-Za-z_]\w*\)[sd]|@@\w+@@|<%[^<>]*%>/gu;

/** In a directive of mod_wsgi, these are no values either. */
const IN_WSGI = /(?<![\w%])%[A-Z_]{3,}%|(?<![\w@])@[A-Z_]{2,}@|\$[A-Z_]{3,}\b|<[a-z][\w-]*(?: [\w-]+)+>|\[\[[^[\]]*\]\]/gu;

/** The places that something else is to fill in: such a file is a template, not a configuration. */
export function placeholders(content: string): readonly Placeholder[] {
  let inMacro = false;
  return rawLines(content).flatMap(({ text, line }) => {
    if (/^<\/?macro[\s>]/iu.test(text)) inMacro = !text.startsWith('</');
    if (text.startsWith('#')) return [];
    const found = [...text.matchAll(ANYWHERE), ...(/^WSGI/iu.test(text) && !inMacro ? text.matchAll(IN_WSGI) : [])];
    return found.map(([one]) => ({ line, text: one }));
  });
}
