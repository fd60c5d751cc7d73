/** `did you mean 'x'?` for the nearest of the known words; undefined where none is near. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const nearest = nearestOf(word, known);
  return nearest === undefined ? undefined : `did you mean '${nearest}'?`;
}

/** The known word with the smallest distance, if it is near enough to be what was meant. */
export function nearestOf(word: string, known: readonly string[]): string | undefined {
  const wanted = plain(word);
  // Nobody types a word of this length by mistake, and the distance's cost grows with its square.
  if (wanted === '' || wanted.length > 64) return undefined;
  let best: string | undefined;
  let least = Infinity;
  for (const candidate of known) {
    const distance = editDistance(wanted, plain(candidate));
    const limit = Math.max(1, Math.floor(Math.min(wanted.length, candidate.length) / 3));
    if (distance <= limit && distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbours that make one word of the other. */
export function editDistance(a: string, b: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        at(previous, j) + 1,
        at(row, j - 1) + 1,
        at(previous, j - 1) + change,
        swapped ? at(older, j - 2) + 1 : Infinity,
      );
    }
    older = previous;
    previous = row;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}

/** Case and the usual separators do not tell words apart: `Max_Requests` is max-requests. */
function plain(word: string): string {
  return word.toLowerCase().replace(/[_\s.]+/gu, '-');
}
