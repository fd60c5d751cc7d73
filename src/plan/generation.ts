import type { AppConfig } from '../config/settings.js';

/** What packages had brought of an app when a generation of it was made. */
export interface Brought {
  /** The packages whose code it loads: the names of the files in APP.d. */
  readonly marks: readonly string[];
  /** Of all that they brought. */
  readonly digest: string;
}

/** What is kept of a generation: enough to bring it up again exactly as it was. */
export interface Generation {
  readonly number: number;
  /** When its INI file and links were read, or it was copied: ISO 8601, UTC. */
  readonly createdAt: string;
  /** The INI file that it was made from. */
  readonly source: string;
  /** The file that a package brought, where there was one; older records say nothing of it. */
  readonly packaged?: string | null;
  /** Null for an app that no package brought; older records say nothing of it. */
  readonly brought?: Brought | null;
  /** The release: the working directory with links resolved. */
  readonly directory: string | null;
  /** The digest of the template that its unit was rendered from. */
  readonly template: string;
  /** Paths without which no worker can start. */
  readonly needs: readonly string[];
  /** The generation that a rollback made this one from. */
  readonly copyOf: number | null;
  readonly processes: number;
  /** How it replaces another one; older records say nothing of it. */
  readonly maxSurge?: AppConfig['reload']['max-surge'];
  readonly maxUnavailable?: AppConfig['reload']['max-unavailable'];
  /** ms */
  readonly settle: number;
  /** ms */
  readonly readyTimeout: number;
  /** ms from the request to stop to SIGKILL */
  readonly stopTimeout: number;
}
