import { readdir } from "node:fs/promises";
import { archiveBytes, isTool } from "@skerry/mirror";
import { type ArchiveContents, readContents } from "@skerry/oci";
import { formatSize } from "../../args/size.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { formatTable } from "../../output/table.ts";
import { archiveDir } from "./archive-place.ts";

/** Lists archives by their contents files. */
export async function run(job: Job<unknown>): Promise<number> {
  const archives = await Promise.all(job.args.map((text) => rowOf(archiveDir(job, text))));
  await job.out.result(
    { kind: "ArchiveList", archives },
    {
      text: () =>
        formatTable(
          [
            { title: "archive" },
            { title: "of" },
            ...["images", "size", "volumes", "relies on", "lacks"].map((title) => ({ title, right: true })),
          ],
          archives.map((one) => [
            one.name,
            one.createdAt,
            String(one.images),
            formatSize(one.bytes),
            one.absentVolumes.length === 0 ? String(one.volumes) : `${one.volumes - one.absentVolumes.length} of ${one.volumes}`,
            String(one.relies),
            String(one.missing.length),
          ]),
        ),
      names: () => archives.map(({ name }) => name),
    },
  );
  return EXIT.done;
}

async function rowOf(dir: string): Promise<{
  readonly dir: string;
  readonly name: string;
  readonly createdAt: string;
  readonly base: ArchiveContents["base"];
  readonly bytes: number;
  readonly images: number;
  readonly volumes: number;
  /** Volumes that are not in the folder, by name; on how they are, `archive verify` has the word. */
  readonly absentVolumes: readonly string[];
  readonly relies: number;
  readonly missing: ArchiveContents["missing"];
}> {
  const { contents } = await readContents(dir);
  const { name, createdAt, base, volumes, relies, missing, roots } = contents;
  const counts = { images: roots.filter((root) => !isTool(root)).length, volumes: volumes.length, relies: relies.length };
  const files = new Set(await readdir(dir));
  const absentVolumes = volumes.map((volume) => volume.name).filter((volume) => !files.has(volume));
  return { dir, name, createdAt, base, bytes: archiveBytes(contents), ...counts, absentVolumes, missing };
}
