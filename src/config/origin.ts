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

/** Where a setting stands; of a repeated one, the value with that index. Of one that the file does not give: the file as a whole. */
export function lineOf(config: Origin & { readonly lines: Readonly<Record<string, readonly number[]>> }, setting: string, index = 0): ReturnType<typeof place> {
  return place(config, config.lines[setting]?.[index] ?? 0);
}
