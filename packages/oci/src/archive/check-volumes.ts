import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { isOciError } from "../errors.ts";
import { verified } from "../hash.ts";
import type { Digest } from "../model/digest.ts";
import { errnoOf } from "../store/disk/errors.ts";
import { hashFile } from "../store/disk/read-file.ts";
import type { IoOptions } from "../store/types.ts";
import type { ArchiveFinding } from "./archive-finding.ts";
import { checkHeaders } from "./check-headers.ts";
import type { ArchiveBlob, ArchiveContents, ArchiveVolume } from "./contents.ts";
import { ArchivePlaces } from "./volume-reader.ts";

export interface CheckOptions extends IoOptions {
  /** `sizes`: every volume is there and as long as it should be; `volumes`: hashed; `blobs`: every blob hashed too. */
  readonly level: "sizes" | "volumes" | "blobs";
  /** A volume that need not be hashed: this very file was before. */
  readonly isKnown?: (volume: ArchiveVolume, path: string) => Promise<boolean>;
  /** Told after each volume that was hashed and is right. */
  readonly onRight?: (volume: ArchiveVolume, path: string) => Promise<void>;
}

/** Looks at the volumes of an archive. A damaged volume is looked into, so that the damaged content is named. */
export async function checkVolumes(dir: string, contents: ArchiveContents, options: CheckOptions): Promise<ArchiveFinding[]> {
  const findings: ArchiveFinding[] = [];
  const damaged = new Set<number>();
  for (const [index, volume] of contents.volumes.entries()) {
    options.signal?.throwIfAborted();
    const finding = await checkVolume(dir, volume, options);
    if (finding === undefined) continue;
    damaged.add(index);
    findings.push({ ...finding, digests: finding.code === "VOLUME_DAMAGED" ? [] : touching(contents, index) });
  }
  if (!findings.some(({ code }) => code === "VOLUME_MISSING" || code === "VOLUME_SIZE")) {
    findings.push(...(await checkHeaders(dir, contents, options)));
  }
  const suspects = contents.blobs.filter(
    (blob) => options.level === "blobs" || [...damaged].some((index) => touches(contents, blob, index)),
  );
  const lost = new Set(findings.flatMap(({ digests }) => digests));
  for (const blob of suspects) {
    if (lost.has(blob.digest)) continue;
    const finding = await checkBlob(dir, contents, { blob, options });
    if (finding !== undefined) findings.push(finding);
  }
  return findings;
}

async function checkVolume(
  dir: string,
  volume: ArchiveVolume,
  options: CheckOptions,
): Promise<Omit<ArchiveFinding, "digests"> | undefined> {
  const path = join(dir, volume.name);
  const found = await lstat(path).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  });
  const about = { volume: volume.name };
  if (found === undefined) return { ...about, code: "VOLUME_MISSING", message: `The volume ${volume.name} is not there` };
  if (!found.isFile()) return { ...about, code: "VOLUME_MISSING", message: `${volume.name} is not a plain file` };
  if (found.size !== volume.bytes) {
    return {
      ...about,
      code: "VOLUME_SIZE",
      message: `The volume ${volume.name} has ${found.size} bytes, it was written with ${volume.bytes}`,
    };
  }
  if (options.level === "sizes" || (await options.isKnown?.(volume, path)) === true) return undefined;
  const sha256 = await hashFile(path, found.size, options);
  if (sha256 === volume.sha256) {
    await options.onRight?.(volume, path);
    return undefined;
  }
  return { ...about, code: "VOLUME_DAMAGED", message: `The volume ${volume.name} is damaged or another one: it hashes to ${sha256}` };
}

async function checkBlob(
  dir: string,
  contents: ArchiveContents,
  { blob, options }: { readonly blob: ArchiveBlob; readonly options: CheckOptions },
): Promise<ArchiveFinding | undefined> {
  const volume = contents.volumes[blob.volume - 1]?.name ?? "";
  try {
    const body = new ArchivePlaces(dir, { ...contents, blobs: [] }).read(blob, options);
    for await (const _ of verified(body, { digest: blob.digest, size: blob.bytes })) options.signal?.throwIfAborted();
    return undefined;
  } catch (error) {
    if (!isOciError(error) || error.code === "ABORTED") throw error;
    return { code: "BLOB_DAMAGED", volume, message: `${blob.digest} in ${volume} is damaged: ${error.message}`, digests: [blob.digest] };
  }
}

function touching(contents: ArchiveContents, index: number): Digest[] {
  return contents.blobs.filter((blob) => touches(contents, blob, index)).map(({ digest }) => digest);
}

/** True when some of a blob lies in the volume with this number, from 0. */
function touches(contents: ArchiveContents, blob: ArchiveBlob, index: number): boolean {
  let at = blob.volume - 1;
  let end = blob.offset + blob.bytes;
  while (at < index) {
    const bytes = contents.volumes[at]?.bytes;
    if (bytes === undefined || end <= bytes) return false;
    end -= bytes;
    at += 1;
  }
  return at === index;
}
