import type { Moved, OciError, RootOutcome, RootResult, TransferReport } from "@skerry/oci";
import { imageKey } from "../lock/build.ts";
import type { ImageSetLock } from "../lock/types.ts";
import { targetRepository } from "../plan/destination.ts";
import type { LockedImage } from "../plan/types.ts";
import { isOpen, type Problem } from "../problem/problem.ts";

export type RunResult = "done" | "nothing-to-do" | "partial" | "failed" | "interrupted";

/** An error as a row: what happened, to what, why, what to do. */
export interface ErrorRow {
  readonly code: string;
  readonly message: string;
  readonly subject?: string;
  readonly hint?: string;
  readonly host?: string;
  readonly side?: string;
  readonly status?: number;
  readonly registryCode?: string;
  readonly tries?: number;
}

export interface ReportImage {
  readonly origin: string;
  readonly destination: { readonly repository: string; readonly tag: string };
  readonly digest: string;
  readonly outcome: RootResult | "planned";
  readonly error?: ErrorRow;
  readonly reason?: string;
}

/** The document of `skerry mirror`, and `report.json` of the workspace. */
export interface MirrorReport {
  readonly apiVersion: "skerry.dev/v1";
  readonly kind: "MirrorReport";
  readonly target: string;
  readonly result: RunResult;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly images: readonly ReportImage[];
  readonly moved: Moved;
  readonly requests: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly retries: number;
  readonly catalogs: readonly {
    readonly catalog: string;
    readonly targetDigest: string;
    readonly outcome: RootResult;
    readonly reason?: string;
  }[];
  readonly problems: readonly Problem[];
  readonly files: Readonly<Record<string, string>>;
}

export interface ReportInput {
  readonly lock: ImageSetLock;
  readonly transfer: TransferReport;
  readonly target: { readonly text: string; readonly prefix: string; readonly maxNestedPaths: number };
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly requests: MirrorReport["requests"];
  readonly retries: number;
  readonly files: Readonly<Record<string, string>>;
}

/** What moved, what was there, what failed and why. Pure. */
export function mirrorReport(input: ReportInput): MirrorReport {
  const { lock, transfer, target } = input;
  const outcomes = new Map(transfer.outcomes.map((outcome) => [outcome.id, outcome]));
  const images = lock.images.flatMap((image) => {
    const outcome = outcomes.get(imageKey(image));
    return outcome === undefined ? [] : [reportImage(image, outcome, target)];
  });
  const catalogs = lock.catalogs.map((catalog) => {
    const image = lock.images.find(
      (one) =>
        one.kind === "catalog" && one.digest === catalog.targetDigest && one.reasons.some((reason) => reason.catalog === catalog.catalog),
    );
    const outcome = image === undefined ? undefined : outcomes.get(imageKey(image));
    const reason = outcome?.reason ?? outcome?.error?.message;
    return {
      catalog: catalog.catalog,
      targetDigest: catalog.targetDigest,
      outcome: outcome?.outcome ?? "skipped",
      ...(reason === undefined ? {} : { reason }),
    };
  });
  return {
    apiVersion: "skerry.dev/v1",
    kind: "MirrorReport",
    target: target.text,
    result: runResult(lock, transfer),
    startedAt: input.startedAt.toISOString(),
    endedAt: input.endedAt.toISOString(),
    images,
    moved: transfer.moved,
    requests: input.requests,
    retries: input.retries + transfer.retries,
    catalogs,
    problems: lock.problems,
    files: input.files,
  };
}

/** How a run ended as a whole. */
export function runResult(lock: Pick<ImageSetLock, "problems">, transfer: TransferReport): RunResult {
  if (transfer.interrupted) return "interrupted";
  const results = transfer.outcomes.map((outcome) => outcome.outcome);
  const bad = results.some((result) => result === "failed" || result === "skipped");
  const good = results.some((result) => result === "copied" || result === "mounted" || result === "present");
  // Nothing at the target is right now that was not before: no image arrived, or none could even be asked for.
  if (!good && (bad || lock.problems.some(isOpen))) return "failed";
  if (bad || lock.problems.some(isOpen)) return "partial";
  // What answers a request may bring content without a whole image.
  return results.every((result) => result === "present") && transfer.moved.blobs === 0 ? "nothing-to-do" : "done";
}

/** An error in the form of a report. */
export function errorRow(error: OciError): ErrorRow {
  const { code, message, subject, hint, host, side, status, registryCode, tries } = error;
  const optional = { subject, hint, host, side, status, registryCode, tries };
  return { code, message, ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) };
}

function reportImage(image: LockedImage, outcome: RootOutcome, target: ReportInput["target"]): ReportImage {
  return {
    origin: image.origin,
    destination: {
      repository: targetRepository(target.prefix, image.destination.repository, target.maxNestedPaths),
      tag: image.destination.tag,
    },
    digest: image.digest,
    outcome: outcome.outcome,
    ...(outcome.error === undefined ? {} : { error: errorRow(outcome.error) }),
    ...(outcome.reason === undefined ? {} : { reason: outcome.reason }),
  };
}
