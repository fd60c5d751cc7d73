import { showListen } from '../config/listen.js';
import type { AppConfig } from '../config/settings.js';
import type { Front, FrontApp } from './front.js';

/** What a proxy needs to know of one app, from its own file. `defaultAddress`: where it listens if the file says nothing. */
export function frontOf(config: AppConfig, defaultAddress: string): Front {
  const { proxy } = config;
  const app = frontApp(config, defaultAddress);
  const paths = proxy.route.length > 0 ? proxy.route : proxy.mount.length > 0 ? proxy.mount : ['/'];
  // A longer one is not hidden by a shorter one.
  const sorted = [...paths].sort((a, b) => b.length - a.length);
  const headers = { variables: proxy.variables ?? [], authorization: proxy.authorization };
  return {
    title: config.name,
    remarks: [],
    inherits: true,
    routes: [...proxy.static.map(({ url, directory }) => ({ path: url, keep: directory })), ...sorted.map((path) => ({ path, app }))],
    statics: proxy.static,
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
  };
}
