import type { Static } from '../config/static.js';

/** Files that the proxy serves. */
export interface FrontFiles extends Static {
  /** The part of the directory's path in which nobody but root can put a link. */
  readonly trusted: string;
}

/** Which requests are meant: those at and below a path, or those whose path matches an expression of Apache's. */
export type Match = { readonly path: string } | { readonly regex: string };

/** Requests that go to an app, or that the proxy answers itself. */
export type FrontRoute = Match & ({ readonly app: FrontApp } | { readonly keep: string });

export interface FrontApp {
  readonly name: string;
  /** Where it listens: a path, or `127.0.0.1:8000`. */
  readonly address: string;
  /** In seconds. */
  readonly timeout: number;
  readonly connectTimeout: number | null;
  /** The file with the secret by which the proxy proves itself; null where the app asks for none. */
  readonly proof: string | null;
}

/** What the proxy says to apps of requests below a path. */
export interface FrontHeaders {
  readonly match: Match;
  readonly variables: readonly string[];
  /** `drop`: the app gets no Authorization header; or only with these requests. */
  readonly authorization: 'pass' | 'drop' | { readonly only: readonly Match[] };
}

/** Lines for one <ProxyMatch> or several, of which a later one counts more. */
export type Guard = readonly (readonly string[])[];

/**
 * By these, apps and their middleware take a proxy's word for how a request came in; whoever prints or writes them is
 * not this proxy. X-Forwarded-For, -Proto, -Host and -Port, and X-Real-IP, are set.
 */
export const DISBELIEVED = ['Forwarded', 'X-Forwarded-Prefix', 'X-Forwarded-Server', 'X-Forwarded-Scheme', 'X-Forwarded-Protocol', 'X-Forwarded-Ssl', 'X-Script-Name'] as const;

/** One server of the proxy. Of several routes that match, the first one counts. */
export interface Front {
  /** Where it belongs. */
  readonly title: string;
  /** What is to be known where it is put in. */
  readonly remarks: readonly string[];
  /** Whether the routes of the main server hold here, too: Apache would ask them first. */
  readonly inherits: boolean;
  readonly routes: readonly FrontRoute[];
  /** Files that the proxy serves, where nothing does so yet: their paths are among the routes. */
  readonly statics: readonly FrontFiles[];
  readonly headers: readonly FrontHeaders[];
  /** For the <ProxyMatch> of an app, by its name: Apache looks at no <Directory> for what it proxies. */
  readonly guards: ReadonlyMap<string, Guard>;
  /** Whether what a client claims to have been forwarded is taken away. */
  readonly disbelieves: boolean;
  /** Show the app's own error pages. */
  readonly errorOverride: boolean;
}
