/** Exit codes of the command line, and of the programs that the units run. */
export const EXIT = {
  done: 0,
  cannot: 1,
  usage: 2,
  configuration: 3,
  rolledBack: 4,
  notRolledBack: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * An error that the user can understand and act upon: it is printed as message and hint, without a stack.
 * Anything else that is thrown is a bug of wsgictl and is reported as one.
 */
export class UserError extends Error {
  override readonly name = 'UserError';

  constructor(
    message: string,
    /** The next command to try, or what to look at. */
    readonly hint?: string,
    readonly exitCode: ExitCode = EXIT.cannot,
  ) {
    super(message);
  }
}

/** What to say of an error that means that a disk is full; null for any other. */
export function noSpace(error: unknown): string | null {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return null;
  return `no space is left on the disk${path === undefined ? '' : ` for ${path}`}`;
}

/** One fault of a configuration file. */
export interface Diagnostic {
  readonly file: string;
  /** Counted from 1; 0 where the fault is of the file as a whole. */
  readonly line: number;
  readonly message: string;
  readonly hint?: string;
  /** A warning does not keep the app from being applied. */
  readonly severity: 'error' | 'warning';
}

/** `file:line: message; hint`, as compilers write it. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const place = diagnostic.line > 0 ? `${diagnostic.file}:${diagnostic.line}` : diagnostic.file;
  const kind = diagnostic.severity === 'warning' ? 'warning: ' : '';
  const hint = diagnostic.hint === undefined ? '' : `; ${diagnostic.hint}`;
  return `${place}: ${kind}${diagnostic.message}${hint}`;
}

/** Faults in configuration files: all of them at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly exitCode = EXIT.configuration;

  constructor(readonly diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join('\n'));
  }
}
