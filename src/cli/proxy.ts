import { EXIT, UserError, type ExitCode } from '../errors.js';
import { loadIni } from '../host/inis.js';
import { readTemplate } from '../host/templates.js';
import { apacheView } from '../proxy/apache.js';
import { frontOf } from '../proxy/app-front.js';
import { nginxView } from '../proxy/nginx.js';
import { PROXY_TEMPLATES, render } from '../units/render.js';
import { sayFile } from './report.js';
import type { Wire } from './wire.js';

/** Prints what a proxy needs to pass requests on to an app. */
export function printProxy(wire: Wire, proxy: string, name: string): ExitCode {
  const config = loadIni(wire.places, name);
  const front = frontOf(config, `${wire.places.runtime}/${config.name}.sock`);
  if (proxy !== 'apache' && proxy !== 'nginx') throw new UserError(`cannot write for ${proxy}`, 'there are apache and nginx', EXIT.usage);
  const view = proxy === 'apache' ? apacheView(front) : nginxView(front);
  sayFile(render(readTemplate(wire.places, PROXY_TEMPLATES[proxy]), view).trimEnd());
  return EXIT.done;
}
