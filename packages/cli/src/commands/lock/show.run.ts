import { readFile } from "node:fs/promises";
import { type ImageSetLock, isOpen } from "@skerry/mirror";
import { digestOf } from "@skerry/oci";
import { formatSize } from "../../args/size.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import { requiredLock } from "../mirror/image-set.ts";
import { type LockFileFlags, lockFileOf } from "./lock-file.ts";

/** Shows a lock; nothing is contacted. */
export async function run(job: Job<LockFileFlags>): Promise<number> {
  const file = lockFileOf(job);
  const lock = await requiredLock(job, file);
  const digest = digestOf(await readFile(file));
  const { apiVersion: _, ...document } = lock;
  await job.out.result(document, { text: () => lockText(lock, digest), names: () => lock.images.map(({ origin }) => origin) });
  return EXIT.done;
}

function lockText(lock: ImageSetLock, digest: string): string {
  const bytes = lock.blobs.reduce((sum, blob) => sum + blob.bytes, 0);
  const open = lock.problems.filter(isOpen);
  const lines = [
    `Lock of image set ${lock.imageSet.name}, ${lock.createdAt}, ${digest}`,
    `${lock.images.length} images, ${lock.blobs.length} blobs and manifests, ${formatSize(bytes)}; platforms: ${lock.platforms.join(", ") || "all"}`,
    ...lock.catalogs.flatMap((catalog) => [
      `${catalog.catalog} as ${catalog.targetCatalog}, ${catalog.targetDigest}`,
      ...catalog.packages.map(
        ({ name, channels }) => `  ${name}: ${channels.map((channel) => `${channel.name} up to ${channel.head}`).join(", ")}`,
      ),
    ]),
    ...lock.missing.map(({ origin, message }) => `MISSING ${origin}: ${message}`),
    `${lock.problems.length} problems, ${open.length} open`,
  ];
  return lines.map((line) => `${escapeLine(line)}\n`).join("");
}
