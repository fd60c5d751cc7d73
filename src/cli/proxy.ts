import type { AppConfig } from '../config/settings.js';
import { EXIT, UserError, type ExitCode } from '../errors.js';
import { configuredApps, isPath, loadIni, readIni } from '../host/inis.js';
import { ensureProof } from '../host/proof.js';
import { readTemplate } from '../host/templates.js';
import { apacheView } from '../proxy/apache.js';
import { pathsBelow, together } from '../proxy/app-front.js';
import type { Front } from '../proxy/front.js';
import { nginxView } from '../proxy/nginx.js';
import { PROXY_TEMPLATES, render } from '../units/render.js';
import { frontIn, rememberPrinted } from './printed.js';
import { sayFile } from './report.js';
import type { Wire } from './wire.js';

/** Prints what a proxy needs to pass requests on to apps that are in one server of it. */
export function printProxy(wire: Wire, proxy: string, names: readonly string[]): ExitCode {
  if (proxy !== 'apache' && proxy !== 'nginx') throw new UserError(`cannot write for ${proxy}`, 'there are apache and nginx', EXIT.usage);
  const { root, state } = wire.places;
  const fronts = [...new Set(names)].map((name): Front => {
    const config = loadIni(wire.places, name);
    const { listen } = config.socket;
    if (listen.length > 0 && listen.every(({ kind }) => kind === 'abstract')) {
      throw new UserError(`no proxy can connect to an abstract address, and ${config.name} listens on no other`, 'give it a path: listen = /run/NAME.sock', EXIT.configuration);
    }
    // So that the proxy can be prepared before the app asks for it. A file by its path is no app of this machine.
    const isOurs = !isPath(name) && root === '' && process.getuid?.() === 0;
    if (config.proxy.proof && isOurs) ensureProof(state, config.name);
    const front = frontIn(wire, config);
    if (isOurs) rememberPrinted(wire, proxy, front);
    return front;
  });
  const [first, ...others] = fronts;
  if (first === undefined) return EXIT.done;
  const all = together([first, ...others], (path, [one, other]) => {
    throw new UserError(`${one} and ${other} are both at ${path}`, 'give each of them a [proxy] mount or route of its own', EXIT.configuration);
  });
  // nginx takes the longest path, in whatever order.
  const views = proxy === 'apache' ? [apacheView({ ...all, remarks: others.length > 0 ? [] : neighbours(wire, first) })] : fronts.map(nginxView);
  sayFile(views.map((view) => render(readTemplate(wire.places, PROXY_TEMPLATES[proxy]), view).trimEnd()).join('\n\n'));
  return EXIT.done;
}

function configOf(wire: Wire, name: string): AppConfig | null {
  try {
    return readIni(wire.places, name).config;
  } catch (error) {
    if (error instanceof UserError) return null; // its own fault, and not for us to say
    throw error;
  }
}

/** Other apps of this machine that Apache would have to ask first, if they are in the same virtual host. */
function neighbours(wire: Wire, front: Front): readonly string[] {
  return (configuredApps(wire.places) ?? []).filter((name) => name !== front.title).flatMap((name) => {
    const config = configOf(wire, name);
    const below = config === null ? [] : pathsBelow(front, frontIn(wire, config));
    return below.length === 0 ? [] : [`If ${name} (${below.join(', ')}) is in the same virtual host, print both at once: wsgictl proxy apache ${front.title} ${name}`];
  });
}
