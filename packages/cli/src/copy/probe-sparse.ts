import {
  cachedReader,
  chooseChildren,
  isIndexType,
  isOciError,
  isProber,
  memoryManifestCache,
  type PlatformFilter,
  parseManifest,
  type Reader,
  type Registries,
} from "@skerry/oci";
import { RefusedError } from "../args/errors.ts";
import type { FoundImage } from "../places/places.ts";
import type { CopyRow } from "./rows.ts";

/** Rows whose manifests are read once: what the probe reads, the copy need not ask for again. */
export function withKeptManifests(rows: readonly CopyRow[]): readonly CopyRow[] {
  const readers = new Map<Reader, Reader>();
  return rows.map((row) => {
    if (row.found === undefined || !isIndexType(row.found.descriptor.mediaType)) return row;
    const reader = readers.get(row.found.reader) ?? cachedReader(row.found.reader, memoryManifestCache());
    readers.set(row.found.reader, reader);
    return { ...row, found: { ...row.found, reader } };
  });
}

/**
 * Offers each registry that is to get a sparse index a tiny one, before anything moves. A registry that holds the index
 * already is not asked: it took it once. What cannot be read is left to the copy to report.
 * @throws RefusedError `SPARSE_REFUSED` naming every registry that wants all children (docker-registry 2.8, Gitea)
 */
export async function probeSparse(
  rows: readonly CopyRow[],
  asked: { readonly registries: Registries; readonly platforms: PlatformFilter; readonly signal: AbortSignal },
): Promise<void> {
  const { registries, platforms, signal } = asked;
  const probed = new Set<string>();
  const refusing: string[] = [];
  for (const { found, target, tags } of rows) {
    const host = target?.writer.host;
    if (found === undefined || target === undefined || host === undefined || probed.has(host)) continue;
    const writer = registries.writer(host);
    if (!isProber(writer) || !(await leavesOut(found, platforms, signal))) continue;
    try {
      const there = await writer.resolve(target.at, tags[0] ?? found.descriptor.digest, { signal });
      if (there?.digest === found.descriptor.digest) continue;
      probed.add(host);
      if (!(await writer.probeSparse(target.at, { signal }))) refusing.push(host);
    } catch (error) {
      // A registry that does not answer is a matter of the rows that need it.
      if (!isOciError(error) || error.code === "ABORTED") throw error;
    }
  }
  if (refusing.length === 0) return;
  throw new RefusedError(`Refused to copy single platforms to ${refusing.join(", ")}: the registry wants every child of an index`, {
    code: "SPARSE_REFUSED",
    subject: refusing[0],
    hint: "Leave out --platform and --filter-by-os, add --rewrite-index (the image gets a new digest), or copy to a registry that takes sparse indexes, such as the one of 'skerry registry serve'.",
  });
}

async function leavesOut(found: FoundImage, platforms: PlatformFilter, signal: AbortSignal): Promise<boolean> {
  const { mediaType, digest } = found.descriptor;
  if (!isIndexType(mediaType)) return false;
  try {
    const content = await found.reader.manifest(found.at, found.descriptor, { signal });
    const manifest = parseManifest(content.bytes, content.mediaType, digest);
    return manifest.kind === "index" && chooseChildren(manifest, platforms).unwanted.length > 0;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
