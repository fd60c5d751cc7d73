import type { AppConfig } from '../config/settings.js';
import { render, type Template } from '../units/render.js';
import { workerView, type Around, type Pinned } from '../units/view.js';
import type { Brought, Generation } from './generation.js';

/** A generation that could be made: it has no number yet. */
export interface Staged {
  readonly config: AppConfig;
  readonly pinned: Pinned;
  readonly template: Pick<Template, 'file' | 'digest'>;
  readonly unitText: string;
}

/** Throws UserError for a faulty template. */
export function stage(config: AppConfig, pinned: Pinned, around: Around, template: Template): Staged {
  return { config, pinned, template, unitText: render(template, workerView(config, pinned, around)) };
}

export function generationOf({ config, pinned, template }: Staged, number: number, createdAt: string, brought: Brought | null = null): Generation {
  const { app, reload } = config;
  const files = app['environment-file'].flatMap(({ path, optional }) => (optional ? [] : [path]));
  const needs = [pinned.directory, pinned.python, pinned.script, ...pinned.pythonPath, pinned.gunicornConfig, ...files];
  return {
    number,
    createdAt,
    source: config.file,
    packaged: config.packaged?.file ?? null,
    brought,
    directory: pinned.directory,
    template: template.digest,
    needs: needs.filter((path): path is string => path !== null),
    copyOf: null,
    processes: config.workers.processes,
    maxSurge: reload['max-surge'],
    maxUnavailable: reload['max-unavailable'],
    settle: reload.settle,
    readyTimeout: reload['ready-timeout'],
    stopTimeout: reload['graceful-timeout'] + reload['interrupt-timeout'],
  };
}
