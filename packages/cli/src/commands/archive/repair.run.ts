import { join } from "node:path";
import { writeTextFile } from "@skerry/mirror";
import { CONTENTS_FILE, formatContents, rebuildContents } from "@skerry/oci";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import { archiveDir } from "./archive-place.ts";

/** Reads every volume, lists what is right in a new contents file. */
export async function run(job: Job<unknown>): Promise<number> {
  const dir = archiveDir(job, job.args[0] ?? "");
  const { contents, lost, missingVolumes } = await rebuildContents(dir, { signal: job.signal });
  await writeTextFile(join(dir, CONTENTS_FILE), formatContents(contents));
  const counts = { volumes: contents.volumes.length, blobs: contents.blobs.length, images: contents.roots.length };
  await job.out.result(
    { kind: "ArchiveRepair", name: contents.name, ...counts, lost, missingVolumes, files: { contents: join(dir, CONTENTS_FILE) } },
    {
      text: () =>
        [
          `Rebuilt ${CONTENTS_FILE}: ${counts.blobs} blobs and ${counts.images} images in ${counts.volumes} volumes; a signature has to be made anew\n`,
          ...missingVolumes.map((name) => `  MISSING ${escapeLine(name)}\n`),
          ...lost.map((digest) => `  LOST    ${digest}\n`),
        ].join(""),
      names: () => lost,
    },
  );
  return lost.length === 0 && missingVolumes.length === 0 ? EXIT.done : EXIT.wrong;
}
