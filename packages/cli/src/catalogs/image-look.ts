import { isOciError, type OciError } from "@skerry/oci";

/** What a registry says about an image. */
export interface ImageLook {
  readonly digest: string;
  /** `linux/amd64`, sorted; empty for an image that names none. */
  readonly platforms: readonly string[];
  /** Size of everything it holds, by digest. */
  readonly contents: ReadonlyMap<string, number>;
  readonly totalBytes: number;
}

/** Bytes of several images together: what they share counts once. Undefined when one of them could not be looked at. */
export function uniqueBytesOf(looks: readonly (ImageLook | OciError | undefined)[]): number | undefined {
  const contents = new Map<string, number>();
  for (const look of looks) {
    if (look === undefined || isOciError(look)) return undefined;
    for (const [digest, size] of look.contents) contents.set(digest, size);
  }
  return sumOf(contents.values());
}

/** Of byte counts. */
export function sumOf(sizes: Iterable<number>): number {
  let total = 0;
  for (const size of sizes) total += size;
  return total;
}
