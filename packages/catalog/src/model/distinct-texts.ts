/**
 * Counts distinct texts without keeping them: 53 bits of a hash of each stand for it, so a hundred thousand texts take
 * a few megabytes, and two of them are taken for one with a chance below one in a million.
 */
export class DistinctTexts {
  readonly #hashes = new Set<number>();

  add(text: string): void {
    let low = 0x811c9dc5;
    let high = 0x9e3779b9;
    // Two units a step, one for each half; each half takes from the other what it lacks.
    let at = 0;
    for (; at + 1 < text.length; at += 2) {
      low = Math.imul(low ^ text.charCodeAt(at), 0x01000193) ^ (high >>> 15);
      high = Math.imul(high ^ text.charCodeAt(at + 1), 0x85ebca6b) ^ (low >>> 13);
    }
    if (at < text.length) low = Math.imul(low ^ text.charCodeAt(at), 0x01000193);
    high = Math.imul(high ^ low, 0xc2b2ae35);
    low = Math.imul(low ^ (high >>> 16), 0x27d4eb2f);
    this.#hashes.add((high >>> 0) * 0x200000 + (low >>> 11));
  }

  get count(): number {
    return this.#hashes.size;
  }
}
