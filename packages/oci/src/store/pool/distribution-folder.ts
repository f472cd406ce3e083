import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Descriptor } from "../../model/descriptor.ts";
import { type Digest, digestAlgorithm, digestHex, isDigest } from "../../model/digest.ts";
import type { Content } from "../content.ts";
import { readWhole } from "../disk/blob-folder.ts";
import { diskError, errnoOf } from "../disk/errors.ts";
import { readFrom } from "../disk/read-file.ts";
import { readSmall } from "../small-content.ts";
import type { ContentPlace } from "./content-place.ts";

/** Where distribution's file system driver keeps everything below its root. */
export const DISTRIBUTION_ROOT = "docker/registry/v2";

/** Repositories nest; nobody nests deeper than this. */
const MAX_DEPTH = 16;

/** `blobs/sha256/ab/<hex>/data` below {@link DISTRIBUTION_ROOT}. distribution, registry/storage/paths.go. */
export function distributionBlobName(digest: Digest): string {
  const hex = digestHex(digest);
  return `${DISTRIBUTION_ROOT}/blobs/${digestAlgorithm(digest)}/${hex.slice(0, 2)}/${hex}/data`;
}

/**
 * A folder of docker-registry or distribution, which is also what oc-mirror v2 keeps as its cache: content by digest, and the
 * tags of its repositories as `repository:tag`.
 * @throws OciError `IO_FAILED`
 */
export async function distributionFolder(dir: string): Promise<ContentPlace> {
  return { name: `registry folder ${dir}`, content: contentOf(dir), names: await tagsIn(dir) };
}

function contentOf(dir: string): Content {
  const pathOf = (digest: Digest): string => join(dir, distributionBlobName(digest));
  async function size(digest: Digest): Promise<number | undefined> {
    try {
      return (await stat(pathOf(digest))).size;
    } catch (error) {
      if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
      throw diskError(error, `look for ${digest}`, pathOf(digest));
    }
  }
  return {
    size,
    async small(digest) {
      const found = await size(digest);
      const where = pathOf(digest);
      return readSmall(digest, found === undefined ? undefined : { where, size: found, read: () => readWhole(where, digest) });
    },
    source: ({ digest, size: bytes }) => ({
      size: bytes,
      open: (offset, options) => readFrom(pathOf(digest), { offset, ...options }),
    }),
  };
}

async function tagsIn(dir: string): Promise<ReadonlyMap<string, Descriptor>> {
  const names = new Map<string, Descriptor>();
  await eachRepository(join(dir, DISTRIBUTION_ROOT, "repositories"), [], async (repository, path) => {
    const tags = join(path, "_manifests", "tags");
    for (const tag of await list(tags)) {
      const link = (await readFile(join(tags, tag, "current", "link"), "utf8").catch(() => "")).trim();
      if (isDigest(link)) names.set(`${repository}:${tag}`, { mediaType: "", digest: link, size: 0 });
    }
  });
  return names;
}

async function eachRepository(
  folder: string,
  parts: readonly string[],
  visit: (repository: string, path: string) => Promise<void>,
): Promise<void> {
  if (parts.length > MAX_DEPTH) return;
  const entries = await list(folder);
  if (entries.includes("_manifests")) await visit(parts.join("/"), folder);
  for (const entry of entries) if (!entry.startsWith("_")) await eachRepository(join(folder, entry), [...parts, entry], visit);
}

async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder, { withFileTypes: true })).flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return [];
    throw diskError(error, "list", folder);
  }
}
