import { showListen } from '../config/listen.js';
import { proofFile } from '../config/proof.js';
import type { AppConfig } from '../config/settings.js';
import type { Front, FrontApp } from './front.js';

/** What the file of an app does not say, and the machine that it is on. */
export interface FrontAround {
  /** Where the app listens if its file says nothing of it. */
  readonly address: string;
  readonly stateDirectory: string;
  /** The part of a path in which nobody but root can put a link. */
  readonly trusted: (path: string) => string;
}

/** What a proxy needs to know of one app, from its own file. */
export function frontOf(config: AppConfig, around: FrontAround): Front {
  const { proxy } = config;
  const app = { ...frontApp(config, around.address), proof: proxy.proof ? proofFile(around.stateDirectory, config.name) : null };
  const paths = proxy.route.length > 0 ? proxy.route : proxy.mount.length > 0 ? proxy.mount : ['/'];
  // A longer one is not hidden by a shorter one.
  const sorted = [...paths].sort((a, b) => b.length - a.length);
  const headers = { variables: proxy.variables ?? [], authorization: proxy.authorization };
  return {
    title: config.name,
    remarks: [],
    inherits: true,
    routes: [...proxy.static.map(({ url, directory }) => ({ path: url, keep: directory })), ...sorted.map((path) => ({ path, app }))],
    statics: proxy.static.map((files) => ({ ...files, trusted: around.trusted(files.directory) })),
    headers: sorted.map((path) => ({ match: { path }, ...headers })),
    guards: new Map(),
    errorOverride: false,
  };
}

export function frontApp({ name, socket, proxy, workers, reload }: AppConfig, defaultAddress: string): FrontApp {
  const [listen] = socket.listen;
  // A request may have waited in the kernel while all workers were busy, and then have the whole of a drain.
  const longest = (workers['request-timeout'] ?? reload['graceful-timeout']) + reload['graceful-timeout'] + reload['interrupt-timeout'];
  return {
    name,
    address: listen === undefined ? defaultAddress : showListen(listen),
    timeout: Math.ceil((proxy.timeout ?? Math.max(longest, 300_000)) / 1000),
    connectTimeout: proxy['connect-timeout'] === null ? null : Math.ceil(proxy['connect-timeout'] / 1000),
    proof: null,
  };
}
