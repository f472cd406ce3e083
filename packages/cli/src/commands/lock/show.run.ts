import { type ImageSetLock, isOpen } from "@skerry/mirror";
import { formatSize } from "../../args/size.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import { requiredLock } from "../mirror/image-set.ts";
import { type LockFileFlags, lockFile } from "./lock-file.ts";

/** Shows a lock; nothing is contacted. */
export async function run(job: Job<LockFileFlags>): Promise<number> {
  const lock = await requiredLock(job, lockFile(job));
  const { apiVersion: _, ...document } = lock;
  await job.out.result(document, { text: () => lockText(lock), names: () => lock.images.map((image) => image.origin) });
  return EXIT.done;
}

function lockText(lock: ImageSetLock): string {
  const bytes = lock.blobs.reduce((sum, blob) => sum + blob.bytes, 0);
  const open = lock.problems.filter(isOpen).length;
  const lines = [
    `Lock of image set ${lock.imageSet.name}, made ${lock.createdAt} by skerry ${lock.skerryVersion}`,
    `Configuration ${lock.imageSet.configDigest}`,
    `${lock.images.length} images, ${lock.blobs.length} blobs and manifests, ${formatSize(bytes)}; platforms: ${lock.platforms.length === 0 ? "all" : lock.platforms.join(", ")}`,
    `${lock.missing.length} images could not be had; ${lock.problems.length} problems, ${open} of them open`,
    ...lock.catalogs.flatMap(catalogLines),
  ];
  return lines.map((line) => `${escapeLine(line)}\n`).join("");
}

function catalogLines(catalog: ImageSetLock["catalogs"][number]): readonly string[] {
  return [
    `${catalog.catalog} → ${catalog.targetCatalog}@${catalog.targetDigest}`,
    ...catalog.packages.flatMap((kept) =>
      kept.channels.map(
        (channel) =>
          `  ${kept.name}/${channel.name}${channel.name === kept.defaultChannel ? " (default)" : ""}: ${channel.versions.map(({ version }) => version).join(", ")}`,
      ),
    ),
  ];
}
