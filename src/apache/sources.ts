/** The files of the machine that the configuration is of. Paths are absolute, as that machine sees them. */
export interface Sources {
  /** The text of a file; null where there is none. */
  read(path: string): string | null;
  /** The names in a directory; null where there is none. */
  list(path: string): readonly string[] | null;
}
