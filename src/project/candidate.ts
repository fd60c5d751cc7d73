/** One way to run what a project holds. */
export interface Candidate {
  readonly setting: 'module' | 'script' | 'factory';
  readonly value: string;
  /** The working directory, from which it is imported. */
  readonly directory: string;
  /** Where it was found, and what that is: for people. */
  readonly why: string;
  /** The lower, the better. */
  readonly rank: number;
}

/** A module, and where it is imported from. */
interface Look {
  readonly file: string;
  /** The module's name, seen from the directory. */
  readonly module: string;
  readonly directory: string;
  readonly text: string;
}

const FACTORY = /^def (create_app|make_app|create_application|app_factory)\(([^)]{0,500})\)/mu;
const FLASK = /^(\w+)\s*(?::\s*[\w.]+\s*)?=\s*(?:flask\.)?Flask\(/mu;
const APPLICATION = /^(?:application\s*(?::[^=\n]+)?=[^=]|def application\(|class application\b|from\s+\S+\s+import\s[^#\n]*\bapplication\b|import\s[^#\n]*\bas application\b)/mu;
const APP = /^app\s*(?::[^=\n]+)?=[^=]/mu;
const ASGI = /^(?:from|import)\s+(?:fastapi|starlette|quart|sanic|aiohttp)\b/mu;
const WSGI = /^(?:from|import)\s+(?:bottle|falcon|pyramid|werkzeug|webob|cherrypy|flask)\b/mu;

/** What a module offers; nothing of it is run, so only what stands at the beginning of a line counts. */
export function inModule({ file, module, directory, text }: Look): Candidate[] {
  if (ASGI.test(text)) return [];
  const isWsgi = /(^|\.)wsgi$/u.test(module);
  const found: Candidate[] = [];
  const add = (setting: Candidate['setting'], value: string, why: string, rank: number): void => {
    found.push({ setting, value, directory, why: `${file}: ${why}`, rank });
  };
  const flask = FLASK.exec(text)?.[1];
  if (APPLICATION.test(text)) add('module', module, 'has `application`', isWsgi ? 2 : 5);
  else if (flask !== undefined) add('module', `${module}:${flask}`, `has the Flask app \`${flask}\``, isWsgi ? 2 : 3);
  else if (APP.test(text) && (isWsgi || WSGI.test(text))) add('module', `${module}:app`, 'has `app`', isWsgi ? 2 : 5);
  const [, factory, parameters = ''] = FACTORY.exec(text) ?? [];
  if (factory !== undefined && callableWithout(parameters)) add('factory', `${module}:${factory}()`, `has the application factory \`${factory}\``, 4);
  return found;
}

/** Whether a call without arguments does. */
function callableWithout(parameters: string): boolean {
  return parameters.split(',').map((one) => one.trim()).every((one) => one === '' || one.includes('=') || one.startsWith('*') || one === '/');
}

/** A script as mod_wsgi runs them: it must name its `application`. */
export function isScript(text: string): boolean {
  return APPLICATION.test(text);
}
