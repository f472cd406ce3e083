import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type ExportReport, type ImageSetLock, type MirrorReport, recordCrossing } from "@skerry/mirror";
import { CONTENTS_FILE, contentsDigest, readContents } from "@skerry/oci";
import type { Job } from "../../command/job.ts";
import type { MirrorRunFlags } from "../mirror/mirror.ts";
import type { Session } from "../mirror/session.ts";
import { archiveDir, isArchivePlace } from "./archive-place.ts";

/** Records that an archive was written, unless nothing new was. */
export async function recordExport(
  job: Job<MirrorRunFlags>,
  session: Session,
  ended: { readonly lock: ImageSetLock; readonly report: ExportReport },
): Promise<void> {
  if (ended.report.archive === null || ended.report.result === "nothing-to-do") return;
  await record(job, session, { ...ended, direction: "export", text: job.args[0] ?? "" });
}

/** Records that an archive was brought in, unless everything was there. */
export async function recordImport(
  job: Job<MirrorRunFlags>,
  session: Session,
  ended: { readonly lock: ImageSetLock; readonly report: MirrorReport },
): Promise<void> {
  const { from } = job.flags;
  if (!isArchivePlace(from) || ended.report.result === "nothing-to-do" || ended.report.result === "interrupted") return;
  const isArchive = await stat(join(archiveDir(job, from), CONTENTS_FILE)).then(
    () => true,
    () => false,
  );
  await record(job, session, { ...ended, direction: "import", text: isArchive ? from : undefined });
}

async function record(
  job: Job<MirrorRunFlags>,
  session: Session,
  ended: {
    readonly lock: ImageSetLock;
    readonly report: MirrorReport;
    readonly direction: "export" | "import";
    readonly text: string | undefined;
  },
): Promise<void> {
  // Volumes may have been carried away already; the contents file stays to the end.
  const read = ended.text === undefined ? undefined : await readContents(archiveDir(job, ended.text));
  await recordCrossing(session.workspace, {
    direction: ended.direction,
    who: job.world.env["USER"] ?? job.world.env["LOGNAME"] ?? "unknown",
    at: job.world.now(),
    lock: ended.lock,
    archive: read === undefined ? undefined : { contents: read.contents, digest: contentsDigest(read) },
    report: ended.report,
  });
}
