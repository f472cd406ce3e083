import { basename } from "node:path";
import { formatPlatform, type Reference } from "@skerry/oci";
import type { ImageSetConfig } from "../config/types.ts";
import { destinationOf, type NamingPolicy, targetRepository } from "./destination.ts";
import type { ImageRequest } from "./plan.ts";
import type { Destination } from "./types.ts";

/** The images that the configuration names itself. */
export function additionalRequests(config: ImageSetConfig, platforms: readonly string[]): ImageRequest[] {
  return config.additionalImages.flatMap((image) => {
    const reference = image.source.kind === "registry" ? image.source.reference : undefined;
    if (reference === undefined) return [];
    const override = {
      ...(image.targetRepo === undefined ? {} : { repository: image.targetRepo }),
      ...(image.targetTag === undefined ? {} : { tag: image.targetTag }),
    };
    return [
      {
        reference,
        kind: "additional" as const,
        platforms: platforms.length > 0 ? platforms : image.platforms.map(formatPlatform),
        reason: { field: `additionalImages: ${image.name}` },
        override,
      },
    ];
  });
}

/** Where a catalog image goes: its own path or `targetCatalog`, its own tag or `targetTag`, else the tag of its new digest. */
export function catalogDestination(
  entry: ImageSetConfig["operators"][number],
  built: Reference["digest"],
  naming: NamingPolicy,
): Destination {
  const digest = built === undefined ? {} : { digest: built };
  const repository = entry.targetCatalog;
  const source: Reference =
    entry.source.kind === "registry"
      ? { ...entry.source.reference, ...digest }
      : { registry: "localhost", repository: pathRepository(entry.source.path), ...digest, text: entry.catalog };
  const tag = entry.targetTag ?? source.tag ?? (entry.source.kind === "registry" ? undefined : "latest");
  const destination = destinationOf(source, naming, {
    ...(repository === undefined ? {} : { repository }),
    ...(tag === undefined ? {} : { tag }),
  });
  return { ...destination, repository: targetRepository("", destination.repository, naming.maxNestedPaths) };
}

/** A repository name out of a folder's name: lower case, other characters as `-`. */
export function pathRepository(path: string): string {
  const name = basename(path.replace(/\/+$/, ""))
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return name === "" ? "catalog" : name;
}
