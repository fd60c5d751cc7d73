import Handlebars from 'handlebars';
import { UserError } from '../errors.js';
import { line } from './escape.js';

/** The templates, by the name of what they make; each is `templates/NAME.hbs`. */
export const STATIC_UNITS = [
  'wsgi-app.target',
  'wsgi-app-front.service',
  'wsgi-app-verdict.service',
  'wsgi-app-drain.service',
  'wsgi-app@.socket',
  'wsgi-app@.service',
  'wsgi-app-tmp@.service',
  'wsgi-app-touch@.service',
  'wsgi-app-touched@.service',
  'wsgi-request.socket',
  'wsgi-request.timer',
  'wsgi-request@.service',
] as const;
/** Those of STATIC_UNITS that a user manager has no use for: no proxy waits for it, and it serves nobody else. */
export const SYSTEM_UNITS: readonly string[] = ['wsgi-app-front.service', 'wsgi-request.socket', 'wsgi-request.timer', 'wsgi-request@.service'];
/** The directives that all units have in which wsgictl runs as root. */
export const SANDBOX_TEMPLATE = 'wsgictl.sandbox';
export const WORKER_TEMPLATE = 'wsgi-worker@.service';
export const SOCKET_TEMPLATE = 'wsgi-app@.socket.conf';
export const TOUCH_TEMPLATE = 'wsgi-app-touch@.path';

export const PROXY_TEMPLATES = { apache: 'apache.conf', nginx: 'nginx.conf' } as const;

export type TemplateName =
  | (typeof STATIC_UNITS)[number]
  | typeof WORKER_TEMPLATE
  | typeof SOCKET_TEMPLATE
  | typeof TOUCH_TEMPLATE
  | typeof SANDBOX_TEMPLATE
  | (typeof PROXY_TEMPLATES)[keyof typeof PROXY_TEMPLATES];

export interface Template {
  readonly name: string;
  /** Where it was read from, for messages. */
  readonly file: string;
  readonly text: string;
  /** Of the text: two templates are the same if this is. */
  readonly digest: string;
}

const handlebars = Handlebars.create();
// It writes to the terminal, whatever a template says.
handlebars.unregisterHelper('log');

// `strict` does not reach what blocks ask for: a misspelt {{#if user}} would drop User= without a word.
for (const name of ['if', 'unless', 'each', 'with'] as const) {
  const block = handlebars.helpers[name] as Handlebars.HelperDelegate;
  handlebars.registerHelper(name, function (this: unknown, what: unknown, options: Handlebars.HelperOptions & { loc?: hbs.AST.SourceLocation }) {
    const { line, column } = options.loc?.start ?? { line: 0, column: 0 };
    if (what === undefined) throw new Error(`#${name} asks for what is not defined - ${line}:${column}`);
    return block.call(this, what, options) as unknown;
  });
}

/**
 * Renders a unit file, or what a proxy needs. Throws UserError for a template that is faulty or names what does not
 * exist, and for a value that would not stay in its line.
 */
export function render(template: Omit<Template, 'digest'>, view: object): string {
  assertLines(view);
  const compiled = handlebars.compile(template.text, { noEscape: true, strict: true });
  try {
    return compiled(view);
  } catch (error) {
    const reason = (error as Error).message.split('\n').join(' ');
    throw new UserError(`cannot render ${template.file}: ${reason}`, `compare it with the packaged ${template.name}.hbs`);
  }
}

/** Every value, however deep in the view: one that some template forgot to quote can do harm in its own line at most. */
function assertLines(value: unknown): void {
  if (typeof value === 'string') line(value);
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(assertLines);
}
