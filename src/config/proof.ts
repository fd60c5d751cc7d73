/** The header in which a proxy proves itself; the worker runner knows it by the same name (_wsgictl_proof.py). */
export const PROOF_HEADER = 'X-Wsgictl-Proof';

/** The credential by which systemd hands the secret on to a worker. */
export const PROOF_CREDENTIAL = 'wsgictl-proof';

/** The file with an app's secret; beside it are those that a proxy includes, `proof.apache.conf` and `proof.nginx.conf`. */
export const proofFile = (stateDirectory: string, app: string): string => `${stateDirectory}/${app}/proof`;
export const proofInclude = (file: string, proxy: 'apache' | 'nginx'): string => `${file}.${proxy}.conf`;

/** What a line of that file may be: it needs no quotes for any proxy. */
export const SECRET = /^[A-Za-z0-9]{32,256}$/u;

/** The directive of a proxy that tells the secret. */
export function proofDirective(proxy: 'apache' | 'nginx', secret: string): string {
  return proxy === 'apache' ? `RequestHeader set ${PROOF_HEADER} "${secret}"` : `proxy_set_header ${PROOF_HEADER} "${secret}";`;
}
