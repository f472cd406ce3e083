import { writeFile } from "node:fs/promises";
import { readTool } from "@skerry/mirror";
import { openVolumes } from "@skerry/oci";
import { UsageError } from "../../args/errors.ts";
import { formatSize } from "../../args/size.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import { archiveDir } from "./archive-place.ts";

/** Takes the program out of an archive. */
export async function run(job: Job<unknown>): Promise<number> {
  const [dir = "", file = "skerry.mjs"] = job.args;
  const { version, bytes } = await readTool(await openVolumes(archiveDir(job, dir)));
  if (file === "-") {
    await job.out.bytes(bytes);
    return EXIT.done;
  }
  const path = pathOf(job, file);
  await writeFile(path, bytes, { flag: "wx", mode: 0o755 }).catch((cause: unknown) => {
    throw new UsageError(`cannot write ${file}`, { subject: file, cause, hint: "Name a file that is not there yet." });
  });
  await job.out.result(
    { kind: "ArchiveTool", version, file: path, bytes: bytes.byteLength },
    { text: () => `Wrote skerry ${escapeLine(version)} to ${escapeLine(path)} (${formatSize(bytes.byteLength)})\n`, names: () => [path] },
  );
  return EXIT.done;
}
