import { type ArchiveSigner, type ExportReport, type ExportRun, type FinishedPlan, runExport, type Tool } from "@skerry/mirror";
import { formatSize } from "../../args/size.ts";
import type { Job } from "../../command/job.ts";
import { escapeLine } from "../../output/escape.ts";
import type { MirrorRunFlags } from "../mirror/mirror.ts";
import type { Session } from "../mirror/session.ts";
import { reportText } from "../mirror/show-report.ts";
import { archiveDir } from "./archive-place.ts";
import { goesOn, isFullDisk } from "./full-disk.ts";
import { farSide, signerOf, travellingTool } from "./near-side.ts";
import { runVolumeHook } from "./volume-hook.ts";
import { volumeBytesOf } from "./volume-size.ts";

/**
 * Writes a planned image set into the archive that the command names. A disk that fills up is no end where volumes are carried
 * away or somebody can change it.
 */
export async function exportSet(job: Job<MirrorRunFlags>, session: Session, plan: FinishedPlan): Promise<ExportReport> {
  const text = job.args[0] ?? "";
  const dir = archiveDir(job, text);
  const isCarriedAway = job.flags["volume-hook"] !== undefined;
  const signer = await signerOf(job);
  const tool = await travellingTool(job);
  /** What the first attempt said: a later one may not even begin. */
  let full: unknown;
  let inOrder = false;
  for (;;) {
    let finished = 0;
    try {
      const what = { plan, text, dir, signer, tool, inOrder, onVolume: () => (finished += 1) };
      return await runExport(exportRun(job, session, what), session.context);
    } catch (error) {
      if (!isFullDisk(error)) throw error;
      full ??= error;
      const isLast = finished === 0 && inOrder;
      if (!(await goesOn(job, { dir, isCarriedAway: isCarriedAway && !isLast }))) throw full;
      // Blobs of many volumes are written side by side: together they can fill the disk before one volume is complete.
      inOrder ||= finished === 0;
    }
  }
}

interface Exporting {
  readonly plan: FinishedPlan;
  readonly text: string;
  readonly dir: string;
  readonly signer: ArchiveSigner | undefined;
  readonly tool: Tool | undefined;
  readonly inOrder: boolean;
  readonly onVolume: () => void;
}

function exportRun(job: Job<MirrorRunFlags>, session: Session, what: Exporting): ExportRun {
  const { flags } = job;
  const { registries } = session;
  const { plan, text, dir, signer, tool, inOrder } = what;
  return {
    lock: plan.lock,
    dir,
    text,
    options: {
      volumeBytes: volumeBytesOf(flags, session.set.config),
      spills: flags["volume-hook"] !== undefined || job.world.stdin.isTTY,
      inOrder,
      farSide: farSide(job, session.context.manifests),
      ...(signer === undefined ? {} : { signer }),
      tool,
      externalLayers: flags["external-layers"],
      failFast: flags["fail-fast"],
      tries: flags.retries + 1,
      gates: registries.gates,
      onEvent: (event) => job.progress.event(event),
      onVolume: async (path, volume) => {
        await volumeDone(job, path, volume.bytes);
        what.onVolume();
      },
    },
    files: plan.document.files,
    counts: () => ({ requests: registries.requests(), retries: registries.retries() }),
  };
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
  if (archive === null) {
    const none = `No archive was written: no image of it could be had. One that is in ${escapeLine(report.target)} stays as it was.\n`;
    return `${reportText(report)}${report.result === "interrupted" ? "" : none}`;
  }
  // What failed in this run stands above.
  const told = new Set(report.images.filter(({ outcome }) => outcome !== "copied" && outcome !== "present").map(({ origin }) => origin));
  const rows = archive.missing.filter(({ origin }) => !told.has(origin));
  const lacks = rows.map(({ origin, error }) => `  LACKS   ${escapeLine(origin)}\n          ${escapeLine(error)}\n`).join("");
  const volumes = archive.volumes.length === 1 ? "1 volume" : `${archive.volumes.length} volumes`;
  const relies = archive.relies === 0 ? "" : `; relies on ${archive.relies} blobs that the far side has`;
  return `${reportText(report)}Archive ${escapeLine(archive.name)}: ${formatSize(archive.bytes)} in ${volumes}${relies}\n${lacks}Next: carry ${escapeLine(report.target.slice("file://".length))}, then skerry mirror --from file://DIR docker://HOST[:PORT][/PREFIX]\n`;
}
