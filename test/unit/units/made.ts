// Units as the tests make them: from a configuration, as if none of its paths were a link.
import { readFileSync } from 'node:fs';
import type { AppConfig } from '../../../src/config/settings.js';
import { render, SOCKET_TEMPLATE, WORKER_TEMPLATE, type Template, type TemplateName } from '../../../src/units/render.js';
import { socketView, workerView, type Mode, type Pinned, type WorkerView } from '../../../src/units/view.js';

export const TEMPLATES = new URL('../../../../templates/', import.meta.url);

export function template(name: TemplateName): Template {
  const file = `templates/${name}.hbs`;
  return { name, file, text: readFileSync(new URL(`${name}.hbs`, TEMPLATES), 'utf8'), digest: 'packaged' };
}

export function asWritten({ app }: AppConfig): Pinned {
  return {
    directory: app.directory,
    python: app.python,
    script: app.script,
    pythonPath: app['python-path'] ?? [],
    gunicornConfig: app['gunicorn-config'],
    kept: null,
    runner: '/var/lib/wsgictl/.runner/0123456789ab',
  };
}

export function viewOf(config: AppConfig, mode: Mode = 'system'): WorkerView {
  const around = mode === 'system'
    ? { mode, stateDirectory: '/var/lib/wsgictl', unitDirectory: '/etc/systemd/system' }
    : { mode, stateDirectory: '/home/me/.local/state/wsgictl', unitDirectory: '/home/me/.config/systemd/user' };
  return workerView(config, asWritten(config), around);
}

export function workerText(config: AppConfig, mode: Mode = 'system'): string {
  return render(template(WORKER_TEMPLATE), viewOf(config, mode));
}

export function socketText(config: AppConfig): string {
  return render(template(SOCKET_TEMPLATE), socketView(config, 'www-data', '%t'));
}
