import { type Digest, digestAlgorithm, digestHex } from "../../model/digest.ts";
import type { Content } from "../content.ts";
import { readFrom, SharedFile } from "../disk/read-file.ts";
import { readSmall } from "../small-content.ts";
import type { TarEntry } from "./tar-index.ts";

/** Where a digest's content lies inside a tar. */
export type TarNameOf = (digest: Digest) => string;

/** `blobs/<algorithm>/<hex>` as in an OCI layout. */
export function layoutBlobName(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;
}

/** Content of a tar, read by offset without unpacking. */
export function tarContent(path: string, entries: ReadonlyMap<string, TarEntry>, nameOf: TarNameOf = layoutBlobName): Content {
  const file = new SharedFile(path);
  const find = (digest: Digest): TarEntry | undefined => entries.get(nameOf(digest));
  return {
    async size(digest) {
      return find(digest)?.size;
    },
    small(digest) {
      const entry = find(digest);
      const where = `${path}, ${nameOf(digest)}`;
      return readSmall(digest, entry === undefined ? undefined : { where, size: entry.size, read: () => readEntry(path, entry) });
    },
    source({ digest, size }) {
      return {
        size,
        async *open(offset, options) {
          const entry = find(digest);
          if (entry === undefined) await readSmall(digest, undefined);
          else yield* file.read({ ...options, offset: entry.offset + offset, length: Math.max(0, entry.size - offset) });
        },
      };
    },
  };
}

/** A small entry whole. */
export async function readEntry(path: string, entry: TarEntry): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readFrom(path, { offset: entry.offset, length: entry.size })) chunks.push(chunk);
  return Buffer.concat(chunks);
}
