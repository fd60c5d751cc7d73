/** `other`: a directory, a FIFO, a device. */
export type Kind = 'file' | 'link' | 'other';

/** The files of the machine that the configuration is of. Paths are absolute, as that machine sees them. */
export interface Sources {
  /** The text of a file; null where there is none. */
  read(path: string): string | null;
  /** The names in a directory; null where there is none. */
  list(path: string): readonly string[] | null;
  /** What is there, a link itself; null for nothing. */
  kind(path: string): Kind | null;
}
