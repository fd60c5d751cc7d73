// The two apps of the demo: their code, their virtualenvs, their INI files, and the releases of them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../lab.js';
import { labScript } from '../root.js';

export interface Site {
  /** Also the name of the Python package, and of its directory beside this file. */
  readonly app: string;
  readonly framework: string;
  readonly module: string;
  /** What makes the next release a broken one: a line too many at the end of a file, as happens to people. */
  readonly mistake: { readonly file: string; readonly line: string };
}

export const SITES: readonly Site[] = [
  {
    app: 'blog',
    framework: 'Django',
    module: 'blog.wsgi',
    mistake: { file: 'settings.py', line: "INSTALLED_APPS += ['payments']" },
  },
  { app: 'shop', framework: 'Flask', module: 'shop', mistake: { file: '__init__.py', line: 'import payments' } },
];

export const PROCESSES = 3;

export const socketOf = ({ app }: Site): string => `/run/wsgi/${app}.sock`;

export function iniOf({ app, framework, module }: Site): string {
  return `[app]
description = ${app}, a ${framework} app
module = ${module}
directory = /srv/${app}/current
virtualenv = /srv/${app}/venv
user = deploy

[workers]
processes = ${PROCESSES}

[health]
warm-up = /
host = lab
`;
}

/** A virtualenv of its own; gunicorn and the framework are Debian's. */
export async function makeVirtualenv(lab: Lab, { app }: Site): Promise<void> {
  await lab.sh('install -d -o deploy -g deploy "/srv/$APP" && python3 -m venv --system-site-packages "/srv/$APP/venv"', {
    env: { APP: app },
    timeout: 120_000,
  });
}

/** A directory for the release, then the link `current` moved there in one rename: what deploy tools do. */
export async function deploy(lab: Lab, site: Site, release: number, options: { readonly broken?: boolean } = {}): Promise<void> {
  const { app, mistake } = site;
  const directory = `/srv/${app}/releases/${release}`;
  const source = labScript(`demo/${app}`);
  for (const file of readdirSync(source).filter((name) => name.endsWith('.py'))) {
    const text = readFileSync(join(source, file), 'utf8');
    const broken = options.broken && file === mistake.file;
    await lab.write(join(directory, app, file), broken ? `${text}\n${mistake.line}\n` : text);
  }
  await lab.write(`${directory}/RELEASE`, `${release}\n`);
  await lab.sh('ln -sfn "$DIRECTORY" "/srv/$APP/.current" && mv -T "/srv/$APP/.current" "/srv/$APP/current"', {
    env: { APP: app, DIRECTORY: directory },
  });
}
