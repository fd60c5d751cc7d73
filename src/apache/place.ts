/** Where a directive stands, and by which Include or Use it was read. */
export interface Place {
  readonly file: string;
  /** The first of its lines, counted from 1. */
  readonly line: number;
  readonly via: { readonly how: 'included' | 'used'; readonly place: Place } | null;
}

/** ` (used on line 44 of site.conf)`; nothing for what stands in a file that was given. The innermost comes first. */
export function viaText({ via }: Place): string {
  if (via === null) return '';
  return ` (${via.how} on line ${via.place.line} of ${via.place.file})${viaText(via.place)}`;
}

export function showPlace(place: Place): string {
  return `${place.file}:${place.line}`;
}
