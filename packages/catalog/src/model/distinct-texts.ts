/**
 * Counts distinct texts without keeping them: 53 bits of a hash of each stand for it, so a hundred thousand texts take
 * a few megabytes, and two of them are taken for one with a chance below one in a million.
 */
export class DistinctTexts {
  readonly #hashes = new Set<number>();

  add(text: string): void {
    let low = 0x811c9dc5;
    let high = 0x9e3779b9;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      low = Math.imul(low ^ unit, 0x01000193);
      high = Math.imul(high ^ unit, 0x85ebca6b) ^ (low >>> 15);
    }
    this.#hashes.add((high >>> 0) * 0x200000 + (low >>> 11));
  }

  get count(): number {
    return this.#hashes.size;
  }
}
