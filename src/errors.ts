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

/** What a file system says by its errno(3), to follow "it". */
const FILE_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'needs other rights than this account has',
  EPERM: 'needs other rights than this account has',
  EROFS: 'is on a file system that is mounted read-only',
  ENOENT: 'does not exist',
  ENOTDIR: 'needs a folder where there is none',
  EISDIR: 'is a directory, not a file',
  ELOOP: 'is a link that leads back to itself',
  ENAMETOOLONG: 'has too long a name',
  EMFILE: 'cannot be opened: this process may open no more files',
  ENFILE: 'cannot be opened: the system may open no more files',
  EIO: 'cannot be read or written: the disk has an error',
  EUCLEAN: 'cannot be read or written: its file system is damaged',
  ESTALE: 'is on a network file system that has lost it',
  EBUSY: 'is in use',
  EEXIST: 'is there already',
  ENOTEMPTY: 'is not empty',
  EFBIG: 'would become too large',
  ENXIO: 'is a device or a socket that nobody answers at',
  ENODEV: 'is a device that is not there',
};

/** Why a file cannot be used, to follow "it"; null for what no file system says. */
export function fileReason(code: string | undefined): string | null {
  return FILE_REASONS[code ?? ''] ?? null;
}

/**
 * What to say of an error of a file system, of whatever call and command: the one place that has words for them. Null for
 * any other error, which is a bug.
 */
export function fileTrouble(error: unknown): UserError | null {
  const { code, path: named, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  const path = named?.replace(/\.[0-9a-f]{16}\.tmp$/, ''); // that is written beside it first
  if (error instanceof UserError || code === undefined) return null;
  if (syscall === 'uv_cwd') return new UserError('cannot tell the current folder: it is gone, or closed to this account', 'cd / and try again');
  if (code === 'ENOSPC' || code === 'EDQUOT') return new UserError(`no space is left on the disk${path === undefined ? '' : ` for ${path}`}`);
  const reason = fileReason(code);
  if (reason === null) return null;
  return new UserError(`cannot use ${path ?? 'a file'}: it ${reason}`, code === 'EACCES' || code === 'EPERM' ? 'try again as root (sudo)' : undefined);
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
