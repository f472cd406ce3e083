import { formatPlatform, type ImageGraph, isUnknownPlatform, type Platform, platformFilter } from "@skerry/oci";
import type { PlannedImage } from "../plan/types.ts";
import type { Problem } from "../problem/problem.ts";
import type { OriginSource } from "./source.ts";

/** Largest image configuration that is read. */
const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

/** Platform of an image that is no index, from its configuration; undefined when it has none (an artifact). */
export async function configPlatform(
  source: OriginSource,
  graph: ImageGraph,
  signal: AbortSignal | undefined,
): Promise<Platform | undefined> {
  const root = graph.manifests.find((entry) => entry.role === "root")?.manifest;
  const config = root?.kind === "image" ? root.config : undefined;
  if (config === undefined || config.size > MAX_CONFIG_BYTES || !/config|container\.image/.test(config.mediaType)) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.reader.blob(source.place, config).open(0, { signal })) chunks.push(chunk);
  try {
    const { os, architecture, variant } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Record<string, unknown>;
    if (typeof os !== "string" || typeof architecture !== "string") return undefined;
    return typeof variant === "string" && variant !== "" ? { os, architecture, variant } : { os, architecture };
  } catch {
    return undefined;
  }
}

/** Rows about wanted platforms that an image does not have. */
export function platformRows(
  planned: PlannedImage,
  found: { readonly graph: ImageGraph; readonly wanted: readonly Platform[]; readonly single: Platform | undefined },
): readonly Problem[] {
  if (found.wanted.length === 0) return [];
  if (found.single !== undefined) {
    return platformFilter(found.wanted)(found.single) ? [] : [mismatch(planned, found.single)];
  }
  const there = found.graph.manifests.flatMap((entry) =>
    entry.role === "child" && entry.platform !== undefined && !isUnknownPlatform(entry.platform) ? [entry.platform] : [],
  );
  if (there.length === 0) return [];
  const absent = found.wanted.filter((want) => !there.some((platform) => platformFilter([want])(platform)));
  return absent.length === 0 ? [] : [missing(planned, absent, there)];
}

function mismatch(planned: PlannedImage, platform: Platform): Problem {
  return {
    code: "PLATFORM_MISMATCH",
    severity: "warning",
    subject: planned.origin,
    ...planned.reasons[0],
    action: "kept",
    waived: false,
    message: `${planned.origin} is for ${formatPlatform(platform)} only, not for ${planned.platforms.join(", ")}; it is copied all the same`,
  };
}

function missing(planned: PlannedImage, absent: readonly Platform[], there: readonly Platform[]): Problem {
  return {
    code: "PLATFORM_MISSING",
    severity: "warning",
    subject: planned.origin,
    ...planned.reasons[0],
    action: "kept",
    waived: false,
    message: `${planned.origin} has no image for ${absent.map(formatPlatform).join(", ")}, only for ${[...new Set(there.map(formatPlatform))].sort().join(", ")}`,
  };
}
