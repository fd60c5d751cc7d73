import { showListen } from '../config/listen.js';
import { proofFile } from '../config/proof.js';
import { holds } from '../config/rules.js';
import type { AppConfig } from '../config/settings.js';
import type { Front, FrontApp, FrontHeaders, Match } from './front.js';

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
    routes: [...proxy.static.map(({ url, directory }) => ({ path: url, keep: directory })), ...sorted.map((path) => ({ path, app }))].sort((a, b) => length(b) - length(a)),
    statics: proxy.static.map((files) => ({ ...files, trusted: around.trusted(files.directory) })),
    headers: sorted.map((path) => ({ match: { path }, ...headers })),
    guards: new Map(),
    errorOverride: false,
    disbelieves: true,
  };
}

/**
 * Several apps in one server. The longest path comes first, whoever it belongs to, and what one app is not to get, those
 * below it may. `duplicate` hears of a path that two of them want.
 */
export function together(fronts: readonly [Front, ...Front[]], duplicate: (path: string, titles: readonly [string, string]) => never): Front {
  const [first, ...others] = fronts;
  if (others.length === 0) return first;
  const owners = new Map<string, string>();
  for (const { title, routes } of fronts) {
    for (const path of routes.flatMap(pathOf)) {
      const owner = owners.get(path);
      if (owner !== undefined && owner !== title) duplicate(path, [owner, title]);
      owners.set(path, title);
    }
  }
  const headers = fronts.flatMap((front) => front.headers.map((one) => ({ ...one, authorization: sparing(one, fronts.filter((other) => other !== front)) })));
  return {
    ...first,
    title: fronts.map(({ title }) => title).join(', '),
    routes: fronts.flatMap(({ routes }) => routes).sort((a, b) => length(b) - length(a)),
    statics: fronts.flatMap(({ statics }) => statics),
    headers: headers.sort((a, b) => length(a.match) - length(b.match)),
  };
}

/** The paths of other apps below those of a front, for which Apache would have to be asked first. */
export function pathsBelow(front: Front, other: Front): readonly string[] {
  const own = front.routes.flatMap(pathOf);
  return other.routes.flatMap(pathOf).filter((path) => own.some((one) => one !== path && holds(one, path)));
}

/** Without the Authorization header, but for what lies below and belongs to an app that gets it. */
function sparing({ match, authorization }: FrontHeaders, others: readonly Front[]): FrontHeaders['authorization'] {
  if (authorization !== 'drop') return authorization;
  const only = others.flatMap(({ headers }) => headers.filter((one) => one.authorization === 'pass').map((one) => one.match))
    .filter((one) => pathOf(one).some((path) => pathOf(match).some((own) => holds(own, path))));
  return only.length === 0 ? 'drop' : { only };
}

const pathOf = (match: Match): readonly string[] => ('path' in match ? [match.path] : []);
const length = (match: Match): number => pathOf(match)[0]?.length ?? 0;

export function frontApp({ name, socket, proxy, workers, reload }: AppConfig, defaultAddress: string): FrontApp {
  // No proxy knows a syntax for an abstract address.
  const listen = socket.listen.find(({ kind }) => kind !== 'abstract');
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
