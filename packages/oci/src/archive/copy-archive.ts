import { createHash } from "node:crypto";
import type { Digest } from "../model/digest.ts";
import type { IoOptions } from "../store/types.ts";
import { planArchive } from "./archive-plan.ts";
import type { ArchiveBlob, ArchiveContents, ReliedContent } from "./contents.ts";
import { openVolumeWriter } from "./open-volume-writer.ts";
import type { ReadContents, VolumeReader } from "./volume-reader.ts";

export interface CopyArchiveOptions extends IoOptions {
  /** Base of the volumes' names, made by `archiveName`. */
  readonly name: string;
  readonly volumeBytes: number;
  /** Content to take; missing: all. */
  readonly wants?: (digest: Digest) => boolean;
  /** Files besides the images, base, time and what is lacking: decided by the caller, who knows what they mean. */
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly createdAt: string;
  readonly base: ArchiveContents["base"];
  readonly missing: ArchiveContents["missing"];
}

/** Puts archives together, or one into volumes of another size, without any registry. Earlier ones decide about order and names. */
export async function copyArchives(sources: readonly VolumeReader[], dir: string, options: CopyArchiveOptions): Promise<ArchiveContents> {
  const holders = new Map<Digest, { readonly reader: VolumeReader; readonly blob: ArchiveBlob }>();
  for (const reader of sources) {
    for (const blob of reader.contents.blobs) {
      if (options.wants?.(blob.digest) !== false && !holders.has(blob.digest)) holders.set(blob.digest, { reader, blob });
    }
  }
  const plan = planArchive(
    [...holders.values()].map(({ blob }) => ({ digest: blob.digest, size: blob.bytes })),
    options.volumeBytes,
  );
  await using writer = await openVolumeWriter(dir, { name: options.name, plan, signal: options.signal });
  for (const { reader, blob } of holders.values()) {
    options.signal?.throwIfAborted();
    const descriptor = { mediaType: "application/octet-stream", digest: blob.digest, size: blob.bytes };
    if (await writer.has(NOWHERE, descriptor)) continue;
    const write = await writer.begin(NOWHERE, descriptor);
    await write.append(reader.blob(NOWHERE, descriptor).open(0, { signal: options.signal }));
    await write.commit();
  }
  for (const root of sources.flatMap(({ contents }) => contents.roots)) {
    const reader = holders.get(root.digest)?.reader;
    if (reader === undefined) continue;
    const descriptor = { mediaType: root.mediaType, digest: root.digest, size: root.bytes };
    await writer.putManifest(NOWHERE, descriptor, await reader.manifest(NOWHERE, descriptor), [root.name]);
  }
  const { files, createdAt, base, missing } = options;
  return await writer.finish({ files, createdAt, base, missing, relies: stillRelied(sources, holders), signatures: [] });
}

const NOWHERE = { repository: "" };

function stillRelied(sources: readonly VolumeReader[], held: { has(digest: Digest): boolean }): ReliedContent[] {
  const relies = new Map<Digest, ReliedContent>();
  for (const { contents } of sources) for (const entry of contents.relies) if (!held.has(entry.digest)) relies.set(entry.digest, entry);
  return [...relies.values()];
}

/** SHA-256 of an archive's contents file: what a statement about the archive names. */
export function contentsDigest({ bytes }: ReadContents): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
