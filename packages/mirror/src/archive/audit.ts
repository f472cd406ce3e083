import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ArchiveContents } from "@skerry/oci";
import { formatLock, stableJson } from "../lock/format.ts";
import type { ImageSetLock } from "../lock/types.ts";
import type { MirrorReport } from "../run/report.ts";
import { readTextFile, writeTextFile } from "../workspace/files.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { sha256Hex } from "./sha256.ts";

/** Type of the predicate of a crossing's statement. */
export const CROSSING_TYPE = "https://skerry.dev/attestation/crossing/v1";

/** What a crossing was, as it is known when it has ended. */
export interface Crossing {
  readonly direction: "export" | "import";
  /** Account that ran it. */
  readonly who: string;
  readonly at: Date;
  readonly lock: ImageSetLock;
  /** Missing where the content came from what another tool left, which has no contents file. */
  readonly archive?: { readonly contents: ArchiveContents; readonly digest: string } | undefined;
  readonly report: Pick<MirrorReport, "target" | "result" | "images" | "moved">;
}

/**
 * Adds a crossing to the workspace's chain: one in-toto statement a line, each with the digest of the line before.
 * in-toto "attestation framework", Statement v1. Returns the file.
 */
export async function recordCrossing(workspace: Workspace, crossing: Crossing): Promise<string> {
  const { direction, who, at, lock, archive, report } = crossing;
  const path = join(workspace.dir, "audit", "crossings.intoto.jsonl");
  const before = (await readTextFile(path)) ?? "";
  const last = before.trimEnd().split("\n").at(-1) ?? "";
  const lockDigest = sha256Hex(new TextEncoder().encode(formatLock(lock)));
  const count = (outcome: string): number => report.images.filter((image) => image.outcome === outcome).length;
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [
      ...(archive === undefined ? [] : [{ name: archive.contents.name, digest: { sha256: archive.digest.replace(/^sha256:/, "") } }]),
      { name: "imageset.lock", digest: { sha256: lockDigest } },
    ],
    predicateType: CROSSING_TYPE,
    predicate: {
      direction,
      who,
      at: at.toISOString(),
      imageSet: lock.imageSet.name,
      target: report.target,
      result: report.result,
      lockDigest: `sha256:${lockDigest}`,
      contentsDigest: archive?.digest ?? null,
      images: {
        copied: count("copied"),
        present: count("present"),
        mounted: count("mounted"),
        failed: count("failed"),
        skipped: count("skipped"),
      },
      moved: { blobs: report.moved.blobs, bytes: report.moved.bytes },
      signatures: archive?.contents.signatures ?? [],
      previous: last === "" ? null : `sha256:${sha256Hex(new TextEncoder().encode(last))}`,
    },
  };
  await writeTextFile(path, `${before}${stableJson(statement)}\n`);
  return path;
}

/** What is wrong with a line of a chain. */
export interface AuditFault {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** The answer of `skerry audit verify`. */
export interface AuditVerification {
  readonly result: "ok" | "bad";
  readonly statements: number;
  readonly faults: readonly AuditFault[];
}

/** Checks chains: every line a statement of a crossing, every one with the digest of the line before. Pure. */
export function verifyAudit(files: readonly { readonly path: string; readonly text: string }[]): AuditVerification {
  const faults: AuditFault[] = [];
  let statements = 0;
  for (const { path, text } of files) {
    let previous: string | null = null;
    for (const [index, line] of text.trimEnd().split("\n").entries()) {
      if (line === "") continue;
      statements += 1;
      const message = lineFault(line, previous);
      if (message !== undefined) faults.push({ file: path, line: index + 1, message });
      previous = `sha256:${sha256Hex(new TextEncoder().encode(line))}`;
    }
  }
  return { result: faults.length === 0 ? "ok" : "bad", statements, faults };
}

/** Chains of a workspace. */
export async function auditFiles(workspace: Workspace): Promise<string[]> {
  const dir = join(workspace.dir, "audit");
  const names = await readdir(dir).catch((): string[] => []);
  return names
    .filter((name) => name.endsWith(".intoto.jsonl"))
    .sort()
    .map((name) => join(dir, name));
}

function lineFault(line: string, previous: string | null): string | undefined {
  let statement: Record<string, unknown>;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return "it is no statement";
    statement = value as Record<string, unknown>;
  } catch {
    return "it is not JSON";
  }
  const { predicate } = statement;
  if (statement["predicateType"] !== CROSSING_TYPE || typeof predicate !== "object" || predicate === null)
    return "it is no statement of a crossing";
  const said = (predicate as Record<string, unknown>)["previous"];
  return said === previous
    ? undefined
    : `it follows ${String(said)}, and the line before it is ${String(previous)}: a line was changed, added or taken away`;
}
