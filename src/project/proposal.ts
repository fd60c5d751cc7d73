import type { Candidate } from './candidate.js';
import type { Project } from './detect.js';

/** An INI file for the best of a project's candidates, with comments that say why. `user`: null under `--user`. */
export function proposal(project: Project, user: { readonly name: string; readonly why: string } | null): string {
  const [best, ...others] = project.candidates as readonly [Candidate, ...Candidate[]];
  const { virtualenv, environmentFile, isDjango, hasCurrent } = project;
  return [
    `# Proposed by wsgictl init for ${project.directory}: read it, then wsgictl check.`,
    ...others.map(({ setting, value, why }) => `# Also found: ${setting} = ${value} (${why})`),
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
    ...(environmentFile === null ? [] : ['# Lines NAME=value, without export; it is read by root.', `# environment-file = ${environmentFile}`]),
    '',
    '[workers]',
    '# About one or two for each core of the machine.',
    'processes = 2',
    '',
    '# What a new worker must answer before it gets a connection; without, that its import succeeds is enough.',
    '# [health]',
    '# warm-up = /',
    ...(isDjango ? ["# A name that Django's ALLOWED_HOSTS allows:", '# host = www.example.org'] : []),
    '',
  ].join('\n');
}

/** A name for the app, of the folder that it lies in. */
export function appName(directory: string): string {
  const general = new Set(['current', 'app', 'src', 'www', 'html', 'code', 'project', 'site', 'release', 'releases', 'srv', 'home', 'opt', 'var']);
  const parts = directory.split('/').filter((part) => part !== '').reverse();
  const part = parts.find((one) => !general.has(one) && !/^\d/u.test(one)) ?? 'app';
  return part.toLowerCase().replace(/\.(service|socket|target|slice|path|ini|d)$/u, '').replace(/[^a-z0-9_.-]/gu, '-').replace(/^[^a-z0-9]+/u, '').slice(0, 64) || 'app';
}
