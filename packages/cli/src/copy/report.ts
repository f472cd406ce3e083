import type { Moved, RootResult } from "@skerry/oci";
import { formatSize } from "../args/size.ts";
import { type ErrorShape, EXIT, interruptedCode } from "../output/error.ts";

/** One image of a report. */
export interface CopiedImage {
  readonly origin: string;
  readonly destination: string;
  readonly digest?: string;
  /** The source's digest, where a smaller index was made of it. */
  readonly rewrittenFrom?: string;
  readonly outcome: RootResult | "planned";
  readonly totalBytes?: number;
  readonly error?: ErrorShape;
  readonly reason?: string;
}

/** An advice about an image, in the closed list of the contract's codes. */
export interface CopyProblem {
  readonly code: string;
  readonly severity: "error" | "warning" | "info";
  readonly subject: string;
  readonly message: string;
  readonly hint?: string;
}

/** The document of `copy` and `sync`. */
export interface CopyReport {
  readonly kind: "CopyReport";
  readonly result: "done" | "nothing-to-do" | "partial" | "failed" | "interrupted";
  readonly startedAt: string;
  readonly endedAt: string;
  readonly images: readonly CopiedImage[];
  readonly moved: Moved;
  readonly requests: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly retries: number;
  readonly catalogs: readonly never[];
  readonly problems: readonly CopyProblem[];
  readonly files: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

export const NOTHING_MOVED: Moved = {
  blobs: 0,
  bytes: 0,
  manifests: 0,
  mountedBlobs: 0,
  mountedBytes: 0,
  presentBlobs: 0,
  presentBytes: 0,
};

/** Totals of two runs together. */
export function addMoved(a: Moved, b: Moved): Moved {
  return {
    blobs: a.blobs + b.blobs,
    bytes: a.bytes + b.bytes,
    manifests: a.manifests + b.manifests,
    mountedBlobs: a.mountedBlobs + b.mountedBlobs,
    mountedBytes: a.mountedBytes + b.mountedBytes,
    presentBlobs: a.presentBlobs + b.presentBlobs,
    presentBytes: a.presentBytes + b.presentBytes,
  };
}

/** How a run ended as a whole. */
export function copyResult(images: readonly CopiedImage[], interrupted: boolean): CopyReport["result"] {
  if (interrupted) return "interrupted";
  const failed = images.filter((image) => image.outcome === "failed").length;
  // What was left for later (a time window) is no failure.
  if (failed > 0 && failed === images.length) return "failed";
  if (failed > 0 || images.some((image) => image.outcome === "skipped")) return "partial";
  return images.every((image) => image.outcome === "present") ? "nothing-to-do" : "done";
}

/** The report for a person: failures first, then what was done in one line. */
export function copyText(report: CopyReport): string {
  const lines = report.images
    .filter((image) => image.outcome === "planned")
    .map((image) => `planned  ${image.origin} -> ${image.destination}  ${image.digest ?? ""}\n`);
  for (const image of report.images) {
    if (image.outcome !== "failed" && image.outcome !== "skipped") continue;
    lines.push(
      `${image.outcome.toUpperCase()}  ${image.origin} -> ${image.destination}\n  ${image.error?.message ?? image.reason ?? ""}\n`,
    );
    const facts = image.error === undefined ? "" : factsOf(image.error);
    if (facts !== "") lines.push(`  ${facts}\n`);
    if (image.error?.hint !== undefined) lines.push(`  next: ${image.error.hint}\n`);
  }
  for (const problem of report.problems)
    lines.push(`${problem.severity.toUpperCase()} ${problem.code}  ${problem.subject}  ${problem.message}\n`);
  return `${lines.join("")}${totals(report)}\n`;
}

/** Where it failed and how often it was tried: `at the source, status 503 TOOMANYREQUESTS, tried 6 times`. */
function factsOf({ side, status, registryCode, tries }: ErrorShape): string {
  const answer = status === undefined ? [] : [`status ${status}${registryCode === undefined ? "" : ` ${registryCode}`}`];
  const often = tries === undefined || tries < 2 ? [] : [`tried ${tries} times`];
  return [...(side === undefined ? [] : [`at the ${side}`]), ...answer, ...often].join(", ");
}

function totals(report: CopyReport): string {
  const { moved } = report;
  const count = (outcome: CopiedImage["outcome"]): number => report.images.filter((image) => image.outcome === outcome).length;
  const images = (["copied", "mounted", "present", "skipped", "failed", "planned"] as const)
    .filter((outcome) => count(outcome) > 0)
    .map((outcome) => `${count(outcome)} ${outcome}`)
    .join(", ");
  const planned = report.images.reduce((sum, image) => sum + (image.totalBytes ?? 0), 0);
  const bytes =
    count("planned") > 0
      ? `${formatSize(planned)} in all`
      : `${formatSize(moved.bytes)} copied, ${formatSize(moved.mountedBytes)} mounted, ${formatSize(moved.presentBytes)} already there`;
  return `${report.result}: ${images === "" ? "no images" : images}; ${bytes}`;
}

/** The exit code of a report. */
export function copyExit(report: CopyReport, signal: AbortSignal): number {
  const codes = {
    done: EXIT.done,
    "nothing-to-do": EXIT.done,
    partial: EXIT.partial,
    failed: EXIT.failed,
    interrupted: EXIT.failed,
  } as const;
  return interruptedCode(signal, codes[report.result]);
}
