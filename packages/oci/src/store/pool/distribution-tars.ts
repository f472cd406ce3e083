import type { Digest } from "../../model/digest.ts";
import type { Content } from "../content.ts";
import { readFrom } from "../disk/read-file.ts";
import { readSmall } from "../small-content.ts";
import { readEntry } from "../tar/tar-content.ts";
import { indexTar, type TarEntry } from "../tar/tar-index.ts";
import type { ContentPlace } from "./content-place.ts";
import { DISTRIBUTION_ROOT, distributionBlobName } from "./distribution-folder.ts";

/** An entry of one of several tars. */
interface Found {
  readonly path: string;
  readonly entry: TarEntry;
}

/**
 * What `oc mirror --v2` carries: `mirror_000001.tar` and on, each a piece of a registry folder. Content is read where it
 * lies; nothing is unpacked. Undefined when none of them holds any.
 * @throws OciError `ARCHIVE_INVALID`, `UNSUPPORTED`, `NOT_FOUND`
 */
export async function distributionTars(paths: readonly string[], signal?: AbortSignal): Promise<ContentPlace | undefined> {
  const files = new Map<string, Found>();
  for (const path of paths) {
    const entries = await indexTar(path, { keep: (name) => name.includes(`${DISTRIBUTION_ROOT}/blobs/`), signal });
    // Some releases put everything below a folder of their own.
    for (const [name, entry] of entries) files.set(name.slice(name.indexOf(DISTRIBUTION_ROOT)), { path, entry });
  }
  if (files.size === 0) return undefined;
  return { name: `oc-mirror archive ${paths[0] ?? ""}`, content: contentOf(files), names: new Map() };
}

function contentOf(files: ReadonlyMap<string, Found>): Content {
  const find = (digest: Digest): Found | undefined => files.get(distributionBlobName(digest));
  return {
    async size(digest) {
      return find(digest)?.entry.size;
    },
    small(digest) {
      const found = find(digest);
      if (found === undefined) return readSmall(digest, undefined);
      const { path, entry } = found;
      return readSmall(digest, { where: path, size: entry.size, read: () => readEntry(path, entry) });
    },
    source({ digest, size }) {
      return {
        size,
        async *open(offset, options) {
          const found = find(digest);
          if (found === undefined) await readSmall(digest, undefined);
          else {
            const { path, entry } = found;
            yield* readFrom(path, { ...options, offset: entry.offset + offset, length: Math.max(0, entry.size - offset) });
          }
        },
      };
    },
  };
}
