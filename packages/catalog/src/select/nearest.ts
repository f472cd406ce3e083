/** The known names that look most like the one that was written, best first; none when nothing is near. */
export function nearestNames(wanted: string, known: Iterable<string>, limit = 3): readonly string[] {
  if (wanted === "") return [];
  const scored: { readonly name: string; readonly distance: number }[] = [];
  for (const name of known) {
    const distance = name.includes(wanted) || wanted.includes(name) ? 1 : editDistance(wanted.toLowerCase(), name.toLowerCase());
    if (distance <= Math.max(2, Math.floor(wanted.length / 3))) scored.push({ name, distance });
  }
  scored.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return scored.slice(0, limit).map(({ name }) => name);
}

function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 16) return 99;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost));
    }
    row = next;
  }
  return row[b.length] ?? 99;
}

/** A hint sentence with the nearest names, or with all there are when they are few. */
export function nearestHint(what: string, wanted: string, known: readonly string[]): string {
  const near = nearestNames(wanted, known);
  if (near.length > 0) return `Did you mean ${near.map((name) => `"${name}"`).join(", ")}?`;
  if (known.length === 0) return `There is no ${what} here.`;
  const shown = known
    .slice(0, 10)
    .map((name) => `"${name}"`)
    .join(", ");
  return `Known ${what}s: ${shown}${known.length > 10 ? ` and ${known.length - 10} more` : ""}.`;
}
