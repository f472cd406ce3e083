/**
 * The known words that are closest to `input`, best first, at most three. Optimal string alignment distance, at most a
 * third of the word's length (and at least two) away; a known word that begins with the input counts as close.
 */
export function nearest(input: string, known: readonly string[]): readonly string[] {
  const word = input.slice(0, 100).toLowerCase();
  const allowed = Math.max(2, Math.floor(word.length / 3));
  return known
    .map((candidate) => ({ candidate, away: candidate.startsWith(word) && word.length > 1 ? 1 : distance(word, candidate.toLowerCase()) }))
    .filter((row) => row.away <= allowed && row.away < row.candidate.length)
    .sort((a, b) => a.away - b.away || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map((row) => row.candidate);
}

/** `Did you mean "a" or "b"?`, or undefined when nothing is near. */
export function didYouMean(input: string, known: readonly string[]): string | undefined {
  const found = nearest(input, known);
  return found.length === 0 ? undefined : `Did you mean ${found.map((word) => `"${word}"`).join(" or ")}?`;
}

function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(at(row, j) + 1, at(next, j - 1) + 1, at(row, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, at(before, j - 2) + 1);
      next.push(best);
    }
    before = row;
    row = next;
  }
  return at(row, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
