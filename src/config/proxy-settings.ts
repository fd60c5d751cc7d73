import type { Row } from './settings.js';

/** The settings of `[proxy]`, for the table of all. */
export const PROXY_SETTINGS = [
  {
    section: 'proxy', key: 'mount', kind: 'url-path', default: null, repeat: true, without: 'none', alias: ['script-name', 'root-path', 'prefix'],
    doc: 'A path that the app is mounted at: it finds it in SCRIPT_NAME, and only the rest in PATH_INFO. Unescaped, as `/old blog`.',
  },
  {
    section: 'proxy', key: 'route', kind: 'url-path', default: null, repeat: true, without: 'its mounts, or `/`', alias: ['location', 'url'],
    doc: 'A path below which the proxy asks this app.',
  },
  {
    section: 'proxy', key: 'static', kind: 'static', default: null, repeat: true, without: 'none', alias: ['static-map', 'static-files', 'alias'],
    doc: 'Files that the proxy serves itself: `/static /srv/shop/static`.',
  },
  {
    section: 'proxy', key: 'variables', kind: 'variables', default: null, without: 'none', alias: ['remote-user', 'environ', 'vars'],
    doc: 'Variables that the proxy knows and the app finds in its environ: `REMOTE_USER`, `REMOTE_ADDR`, `SSL_CLIENT_S_DN`. No client can set them. Where every account can connect (a `listen` that is no path), `proof` is needed.',
  },
  {
    section: 'proxy', key: 'proof', kind: 'boolean', default: 'no', alias: ['secret', 'shared-secret', 'proxy-secret'],
    doc: 'Whether a request must bring a secret that only root, the proxy and the app know. Without it the answer is 400, and the app is not asked.',
  },
  {
    section: 'proxy', key: 'authorization', kind: 'choice', choices: ['pass', 'drop'], default: 'pass', alias: ['pass-authorization'],
    doc: 'Whether the proxy hands the Authorization header on.',
  },
  {
    section: 'proxy', key: 'timeout', kind: 'span', min: 1000, default: null, without: '`300s`, or longer where a request and a drain may take longer', alias: ['socket-timeout', 'read-timeout'],
    doc: 'How long the proxy waits for more of an answer.',
  },
  {
    section: 'proxy', key: 'connect-timeout', kind: 'span', min: 1000, default: null, without: "the proxy's own",
    doc: 'How long the proxy waits for a connection.',
  },
] as const satisfies readonly Row[];
