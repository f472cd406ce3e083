import { formatPlatform, isIndexType, type Platform, type PlatformFilter, parseManifest, platformFilter } from "@skerry/oci";
import type { ContentFlags, PlatformPattern } from "../command/content-flags.ts";
import type { FoundImage } from "../places/places.ts";
import { readSmallBlob } from "../places/small-blob.ts";
import type { CopyProblem } from "./report.ts";

/** The filter that `--platform` and `--filter-by-os` make together; undefined takes every platform. */
export function platformsOf(flags: Pick<ContentFlags, "platform" | "filter-by-os">): PlatformFilter | undefined {
  const pattern = flags["filter-by-os"];
  if (flags.platform.length === 0 && pattern === undefined) return undefined;
  const wanted = flags.platform.length === 0 ? undefined : platformFilter(flags.platform);
  return (platform) => (wanted?.(platform) ?? true) && (pattern === undefined || matchesPattern(pattern, platform));
}

/** True when `platform` matches in the way `oc` matches: anywhere in `os/arch[/variant]`. */
function matchesPattern(pattern: PlatformPattern, platform: Platform): boolean {
  return pattern.test(formatPlatform(platform)) || pattern.test(`${platform.os}/${platform.architecture}`);
}

/**
 * A row for an image that is no index and is for another platform than was asked for: it is copied all the same. What cannot
 * be read is left to the copy to report.
 */
export async function platformMismatch(
  found: FoundImage,
  asked: { readonly origin: string; readonly flags: ContentFlags; readonly signal: AbortSignal },
): Promise<CopyProblem | undefined> {
  const filter = platformsOf(asked.flags);
  if (filter === undefined || isIndexType(found.descriptor.mediaType)) return undefined;
  const platform = await imagePlatform(found, asked.signal).catch(() => {
    asked.signal.throwIfAborted();
    return undefined;
  });
  if (platform === undefined || filter(platform)) return undefined;
  return {
    code: "PLATFORM_MISMATCH",
    severity: "warning",
    subject: asked.origin,
    message: `it is one image for ${formatPlatform(platform)} and is copied whole`,
  };
}

/** Platform of an image that is no index, from its configuration; undefined for artifacts and whatever has none. */
export async function imagePlatform(found: FoundImage, signal: AbortSignal): Promise<Platform | undefined> {
  const bytes = await found.reader.manifest(found.at, found.descriptor, { signal });
  const manifest = parseManifest(bytes.bytes, bytes.mediaType, found.descriptor.digest);
  if (
    manifest.kind !== "image" ||
    manifest.config === undefined ||
    !/config\.v1\+json$|container\.image\.v1\+json$/.test(manifest.config.mediaType)
  )
    return undefined;
  const config: unknown = JSON.parse(new TextDecoder().decode(await readSmallBlob(found, manifest.config, signal)));
  if (typeof config !== "object" || config === null) return undefined;
  const { os, architecture, variant } = config as Record<string, unknown>;
  if (typeof os !== "string" || typeof architecture !== "string") return undefined;
  return { os, architecture, ...(typeof variant === "string" && variant !== "" ? { variant } : {}) };
}
