import { proofInclude } from '../config/proof.js';
import { variableHeader } from '../config/variable.js';
import { DISBELIEVED, type Front } from './front.js';

/** What templates/nginx.conf.hbs is rendered from: everything quoted for nginx. */
export interface NginxView {
  readonly title: string;
  readonly address: string;
  readonly timeout: number;
  readonly connectTimeout: number | null;
  readonly locations: readonly string[];
  readonly upstream: string;
  /** The file with the secret by which nginx proves itself, or null. */
  readonly proof: string | null;
  readonly statics: readonly { readonly location: string; readonly directory: string; readonly from: string }[];
  readonly variables: readonly { readonly header: string; readonly value: string; readonly remark: string }[];
  readonly dropAuthorization: boolean;
  /** Headers that no client may send to the app. */
  readonly disbelieved: readonly string[];
}

/** Of an app's own front: with paths, and one app. */
export function nginxView({ title, routes, statics, headers }: Front): NginxView {
  const apps = routes.flatMap((route) => ('app' in route ? [route.app] : []));
  const [app] = apps;
  if (app === undefined) throw new Error(`the front of ${title} has no app`);
  const [said] = headers;
  return {
    title,
    // Names of apps are names of upstreams as they are, so two of them never become one.
    upstream: `wsgictl_${app.name}`,
    address: quote(app.address.startsWith('/') ? `unix:${app.address}` : app.address),
    proof: app.proof === null ? null : quote(proofInclude(app.proof, 'nginx')),
    timeout: app.timeout,
    connectTimeout: app.connectTimeout,
    locations: routes.flatMap((route) => ('path' in route && 'app' in route ? locations(route.path) : [])),
    statics: statics.map(({ url, directory, trusted }) => ({ location: `^~ ${quote(`${url}/`)}`, directory: quote(`${directory}/`), from: quote(`from=${trusted}`) })),
    variables: (said?.variables ?? []).map((name) => ({ header: variableHeader(name), ...valueOf(name) })),
    dropAuthorization: said?.authorization === 'drop',
    disbelieved: DISBELIEVED,
  };
}

/** nginx compares prefixes as text: a path and what lies below it are two. */
function locations(path: string): readonly string[] {
  return path === '/' ? ['/'] : [`= ${quote(path)}`, `^~ ${quote(`${path}/`)}`];
}

function valueOf(name: string): { readonly value: string; readonly remark: string } {
  // $remote_user is the name that a client wrote into its Authorization header, whether anybody asked for a password or not.
  if (name === 'REMOTE_USER') return { value: '""', remark: 'in a location with auth_basic write $remote_user; elsewhere it is whatever a client says' };
  const value = VALUES.get(name);
  if (value !== undefined) return { value, remark: '' };
  return { value: '""', remark: `nginx knows no ${name}: write a variable of yours` };
}

const VALUES = new Map([
  ['REMOTE_ADDR', '$remote_addr'], ['REMOTE_PORT', '$remote_port'], ['SERVER_NAME', '$server_name'], ['SERVER_PORT', '$server_port'],
  ['REQUEST_SCHEME', '$scheme'], ['HTTPS', '$https'], ['REQUEST_URI', '$request_uri'], ['DOCUMENT_ROOT', '$document_root'],
  ['SSL_CLIENT_S_DN', '$ssl_client_s_dn'], ['SSL_CLIENT_I_DN', '$ssl_client_i_dn'], ['SSL_CLIENT_VERIFY', '$ssl_client_verify'],
  ['SSL_CLIENT_M_SERIAL', '$ssl_client_serial'], ['SSL_PROTOCOL', '$ssl_protocol'], ['SSL_CIPHER', '$ssl_cipher'], ['SSL_SESSION_ID', '$ssl_session_id'],
]);

/** Where nginx looks for variables, no `$` may stand, which nothing can escape; elsewhere it means itself, and a backslash before it, too. */
function quote(text: string): string {
  return `"${text.replace(/["\\]/gu, '\\$&')}"`;
}
