/** A line of a diff: `' '` in both, `'-'` only in the old text, `'+'` only in the new one. */
export interface DiffLine {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** The lines by which two unit files differ, with the section header that they stand under, and no other context. */
export function unitDiff(before: string, after: string): DiffLine[] {
  const lines = lineDiff(before.split('\n'), after.split('\n'));
  let header: DiffLine | null = null;
  const shown: DiffLine[] = [];
  for (const line of lines) {
    if (line.mark === ' ') {
      if (line.text.startsWith('[')) header = line;
      continue;
    }
    if (line.text.trim() === '') continue;
    if (header !== null) shown.push(header);
    header = null;
    shown.push(line);
  }
  return shown;
}

/** By longest common subsequence; unit files are short. */
function lineDiff(before: readonly string[], after: readonly string[]): DiffLine[] {
  const common = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      (common[i] as Uint16Array)[j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push({ mark: ' ', text: before[i] as string });
      i++;
      j++;
    } else if (i < before.length && (j === after.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ mark: '-', text: before[i++] as string });
    } else {
      lines.push({ mark: '+', text: after[j++] as string });
    }
  }
  return lines;
}
