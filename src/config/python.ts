import { BadValue } from './fault.js';

const IDENTIFIER = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;
// importlib takes a dash inside of a name, so do we; nothing here can begin with one of systemd's @ - : + !
const MODULE = /^[\p{ID_Start}_][\p{ID_Continue}-]*(\.[\p{ID_Start}_][\p{ID_Continue}-]*)*$/u;

/** `shop.wsgi` or `shop.wsgi:application`. */
export function readModule(text: string): string {
  const [module = '', name, ...more] = text.split(':');
  if (more.length > 0 || !MODULE.test(module)) throw new BadValue('is not a Python module', moduleHint(text));
  if (name !== undefined && !IDENTIFIER.test(name)) {
    throw new BadValue("has no plain name after ':'", /\(.*\)$/u.test(name) ? `write factory = ${text}` : 'such as shop.wsgi:application');
  }
  return text;
}

/** `shop:create_app()`; the parentheses may be left out, and may hold literal arguments, as with gunicorn. */
export function readFactory(text: string): string {
  const found = /^([^:]*):([^:(]*)(\(.*\))?$/u.exec(text);
  if (found === null || !MODULE.test(found[1] ?? '') || !IDENTIFIER.test(found[2] ?? '')) {
    throw new BadValue('is not a call of a factory', 'such as shop:create_app()');
  }
  return found[3] === undefined ? `${text}()` : text;
}

/** The name of the WSGI callable inside of its module or script. */
export function readIdentifier(text: string): string {
  if (!IDENTIFIER.test(text)) throw new BadValue('is not a Python name', 'such as application');
  return text;
}

function moduleHint(text: string): string {
  if (text.startsWith('/')) return `for a file write script = ${text}`;
  if (/^[\w/.-]+\.py$/u.test(text)) return `write it with dots: ${text.slice(0, -3).replaceAll('/', '.')}`;
  return 'such as shop.wsgi or shop.wsgi:application';
}
