/**
 * Where the lines of a configuration stand. Where an administrator's file changes one that a package brought, the lines
 * of the latter are counted on behind those of the former.
 */
export interface Origin {
  readonly file: string;
  readonly packaged: {
    readonly file: string;
    /** The number of lines of the administrator's file, 0 where there is none. */
    readonly after: number;
  } | null;
}

/** The file of a line and its number in there. */
export function place({ file, packaged }: Origin, line: number): { readonly file: string; readonly line: number } {
  if (packaged === null || line <= packaged.after) return { file, line };
  return { file: packaged.file, line: line - packaged.after };
}
