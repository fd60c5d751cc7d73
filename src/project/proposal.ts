import { isBelowHome } from '../config/rules.js';
import type { Candidate } from './candidate.js';
import type { Project } from './detect.js';

/** How many of the others are named. */
export const OTHERS = 20;

/** An INI file for the best of a project's candidates, with comments that say why. `user`: null under `--user`. */
export function proposal(project: Project, app: string, user: { readonly name: string; readonly why: string } | null): string {
  const [best, ...others] = project.candidates as readonly [Candidate, ...Candidate[]];
  const { virtualenv, environmentFile, isDjango, hasCurrent } = project;
  const outer = hasCurrent ? project.directory.slice(0, -'/current'.length) : project.directory;
  const isNarrow = isBelowHome(outer) && best.directory !== outer && /^[\w./-]+$/u.test(outer);
  return [
    `# Proposed by wsgictl init for ${project.directory}: read it, then wsgictl check.`,
    ...others.slice(0, OTHERS).map(({ setting, value, why }) => `# Also found: ${setting} = ${value} (${why})`),
    ...(others.length > OTHERS ? [`# Also found: ${others.length - OTHERS} more`] : []),
    '',
    '[app]',
    `# ${best.why}`,
    `${best.setting} = ${best.value}`,
    hasCurrent ? '# The link that a deploy switches: each generation keeps the release that it led to.' : '# The working directory, also first on the path of imports.',
    `directory = ${best.directory}`,
    ...(virtualenv === null
      ? ["# No virtualenv was found: the system's Python runs it, and needs gunicorn (apt install gunicorn).", '# virtualenv = /srv/shop/venv']
      : ['# It needs gunicorn: pip install gunicorn', `virtualenv = ${virtualenv}`]),
    ...(user === null ? [] : [`# ${user.why}`, `user = ${user.name}`]),
    ...(user === null ? ownEnvironment(environmentFile) : rootsEnvironment(environmentFile, app)),
    '',
    '[workers]',
    '# About one or two for each core of the machine.',
    'processes = 2',
    '',
    '# What a new worker must answer before it gets a connection; without, that its import succeeds is enough.',
    '# [health]',
    '# warm-up = /',
    ...(isDjango ? ["# A name that Django's ALLOWED_HOSTS allows:", '# host = www.example.org'] : []),
    ...(isNarrow ? ['', '[service]', '# Below a home only the directory itself can be written, and not what lies beside it.', `ReadWritePaths = ${outer}`] : []),
    ...(user === null ? [] : [
      '',
      '# Better than environment-file: a secret in a file of its own. This app alone sees it, in $CREDENTIALS_DIRECTORY.',
      '# [credentials]',
      `# secret-key = /etc/wsgictl/secrets/${app}.key`,
    ]),
    '',
  ].join('\n');
}

function ownEnvironment(file: string | null): string[] {
  return file === null ? [] : ['# Lines NAME=value, without export.', `# environment-file = ${file}`];
}

/** Root reads it, so it lies where nobody else can put another file in its place: never in the project. */
function rootsEnvironment(file: string | null, app: string): string[] {
  const such = file === null ? '' : `, such as those of ${file}`;
  return [`# Secrets, as lines NAME=value without export${such}. Root reads them: only root may write where they lie.`, `# environment-file = /etc/wsgictl/secrets/${app}.env`];
}

/** The name of an account for an app (useradd(8)); `taken`: whether a name is that of an account that is no app's. */
export function accountName(app: string, taken: (name: string) => boolean): string {
  const letters = app.replace(/[^a-z0-9_-]/gu, '-').slice(0, 24);
  const name = /^[a-z_]/u.test(letters) ? letters : `app-${letters}`;
  return taken(name) ? `${name}-app` : name;
}

/** A name for the app, of the folder that it lies in. */
export function appName(directory: string): string {
  const general = new Set(['current', 'app', 'src', 'www', 'html', 'code', 'project', 'site', 'release', 'releases', 'srv', 'home', 'opt', 'var']);
  const parts = directory.split('/').filter((part) => part !== '').reverse();
  const part = parts.find((one) => !general.has(one) && !/^\d/u.test(one)) ?? 'app';
  return part.toLowerCase().replace(/\.(service|socket|target|slice|path|ini|d)$/u, '').replace(/[^a-z0-9_.-]/gu, '-').replace(/^[^a-z0-9]+/u, '').slice(0, 64) || 'app';
}
