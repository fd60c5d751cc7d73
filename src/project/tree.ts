/** The files of a project, by absolute paths. */
export interface Tree {
  /** Null for what is no file. */
  read(path: string): string | null;
  /** The names in a directory; null for what is none. */
  list(path: string): readonly string[] | null;
  isLink(path: string): boolean;
}
