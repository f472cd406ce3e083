import type { ArchiveContents, LackingImage, TransferReport } from "@skerry/oci";
import { imageKey } from "../lock/build.ts";
import { formatLock, stableJson } from "../lock/format.ts";
import type { ImageSetLock } from "../lock/types.ts";

/** Entry with the lock. */
export const LOCK_ENTRY = "skerry/imageset.lock";

/** Files that travel with the images. They name no path, no target and no time of this side, so that equal archives have equal bytes. */
export function archiveFiles(
  lock: ImageSetLock,
  missing: readonly LackingImage[],
): { readonly name: string; readonly bytes: Uint8Array }[] {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const lacking = new Set(missing.map(({ origin }) => origin));
  const plan = { kind: "Plan", imageSet: lock.imageSet, images: lock.images, catalogs: lock.catalogs, problems: lock.problems };
  const report = {
    kind: "ArchiveReport",
    images: lock.images.map(({ origin, digest }) => ({ origin, digest, held: !lacking.has(origin) })),
    missing,
  };
  return [
    { name: "skerry/catalogs.json", bytes: text(`${stableJson(lock.catalogs)}\n`) },
    { name: LOCK_ENTRY, bytes: text(formatLock(lock)) },
    { name: "skerry/plan.json", bytes: text(`${stableJson({ apiVersion: "skerry.dev/v1", ...plan })}\n`) },
    { name: "skerry/report.json", bytes: text(`${stableJson({ apiVersion: "skerry.dev/v1", ...report })}\n`) },
  ];
}

/** Images that were asked for and are not in the archive: what the plan could not find, and what failed on the way. */
export function lackingImages(lock: ImageSetLock, transferred: TransferReport): LackingImage[] {
  const outcomes = new Map(transferred.outcomes.map((outcome) => [outcome.id, outcome]));
  const failed = lock.images.flatMap((image) => {
    const outcome = outcomes.get(imageKey(image));
    if (outcome === undefined || (outcome.outcome !== "failed" && outcome.outcome !== "skipped")) return [];
    return [{ origin: image.origin, error: outcome.error?.message ?? outcome.reason ?? "it was not copied" }];
  });
  return [...lock.missing.map(({ origin, message }) => ({ origin, error: message })), ...failed].sort((a, b) =>
    a.origin < b.origin ? -1 : 1,
  );
}

/** Bytes of all volumes of an archive. */
export function archiveBytes(contents: ArchiveContents): number {
  return contents.volumes.reduce((sum, volume) => sum + (volume.bytes ?? 0), 0);
}
