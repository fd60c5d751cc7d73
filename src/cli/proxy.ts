import { EXIT, UserError, type ExitCode } from '../errors.js';
import { isPath, loadIni } from '../host/inis.js';
import { ensureProof } from '../host/proof.js';
import { rootPart } from '../host/root-part.js';
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
  if (proxy !== 'apache' && proxy !== 'nginx') throw new UserError(`cannot write for ${proxy}`, 'there are apache and nginx', EXIT.usage);
  const { root, state } = wire.places;
  // So that the proxy can be prepared before the app asks for it. A file by its path is no app of this machine.
  if (config.proxy.proof && !isPath(name) && root === '' && process.getuid?.() === 0) ensureProof(state, config.name);
  const front = frontOf(config, { address: wire.usualAddress(config.name), stateDirectory: state, trusted: (path) => rootPart(path, root) });
  const view = proxy === 'apache' ? apacheView(front) : nginxView(front);
  sayFile(render(readTemplate(wire.places, PROXY_TEMPLATES[proxy]), view).trimEnd());
  return EXIT.done;
}
