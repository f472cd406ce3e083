import { type ExportReport, type FinishedPlan, runExport } from "@skerry/mirror";
import { formatSize } from "../../args/size.ts";
import type { Job } from "../../command/job.ts";
import { escapeLine } from "../../output/escape.ts";
import type { MirrorRunFlags } from "../mirror/mirror.ts";
import type { Session } from "../mirror/session.ts";
import { reportText } from "../mirror/show-report.ts";
import { archiveDir } from "./archive-place.ts";
import { farSide, signerOf } from "./near-side.ts";
import { runVolumeHook } from "./volume-hook.ts";

/** Writes a planned image set into the archive that the command names. */
export async function exportSet(job: Job<MirrorRunFlags>, session: Session, plan: FinishedPlan): Promise<ExportReport> {
  const { flags } = job;
  const text = job.args[0] ?? "";
  const { registries } = session;
  const signer = await signerOf(job);
  return await runExport(
    {
      lock: plan.lock,
      dir: archiveDir(job, text),
      text,
      options: {
        volumeBytes: flags["volume-size"],
        farSide: farSide(job, session.context.manifests),
        ...(signer === undefined ? {} : { signer }),
        externalLayers: flags["external-layers"],
        failFast: flags["fail-fast"],
        tries: flags.retries + 1,
        gates: registries.gates,
        onEvent: (event) => job.progress.event(event),
        onVolume: (path, volume) => volumeDone(job, path, volume.bytes),
      },
      files: plan.document.files,
      counts: () => ({ requests: registries.requests(), retries: registries.retries() }),
    },
    session.context,
  );
}

async function volumeDone(job: Job<MirrorRunFlags>, path: string, bytes: number): Promise<void> {
  job.log.info(`Finished volume ${path} (${formatSize(bytes)})`);
  job.progress.event({ event: "volume.end", path, bytes });
  const hook = job.flags["volume-hook"];
  if (hook !== undefined) await runVolumeHook(job, hook, path);
}

/** An export as a person reads it. */
export function exportText(report: ExportReport): string {
  const { archive } = report;
  if (archive === null) return reportText(report);
  const lacks = archive.missing.map(({ origin, error }) => `  LACKS   ${escapeLine(origin)}\n          ${escapeLine(error)}\n`).join("");
  const volumes = archive.volumes.length === 1 ? "1 volume" : `${archive.volumes.length} volumes`;
  const relies = archive.relies === 0 ? "" : `; relies on ${archive.relies} blobs that the far side has`;
  return `${reportText(report)}Archive ${escapeLine(archive.name)}: ${formatSize(archive.bytes)} in ${volumes}${relies}\n${lacks}Next: carry ${escapeLine(report.target.slice("file://".length))}, then skerry mirror --from file://DIR docker://HOST[:PORT][/PREFIX]\n`;
}
