import { basename } from "node:path";
import { formatPlatform, isTag, type Reference } from "@skerry/oci";
import type { AdditionalImageConfig, ImageSetConfig } from "../config/types.ts";
import { destinationOf, type NamingPolicy, targetRepository } from "./destination.ts";
import type { ImageRequest } from "./plan.ts";
import type { Destination } from "./types.ts";

/** The images that the configuration names itself. */
export function additionalRequests(config: ImageSetConfig, platforms: readonly string[]): ImageRequest[] {
  return config.additionalImages.map((image) => {
    const repository = image.targetRepo === undefined ? {} : { repository: image.targetRepo };
    const tag = image.targetTag === undefined ? {} : { tag: image.targetTag };
    return {
      ...additionalSource(image),
      kind: "additional",
      platforms: platforms.length > 0 ? platforms : image.platforms.map(formatPlatform),
      reason: { field: `additionalImages: ${image.name}` },
      override: { ...repository, ...tag },
    };
  });
}

function additionalSource({ source }: AdditionalImageConfig): Pick<ImageRequest, "reference" | "origin"> {
  if (source.kind === "registry") return { reference: source.reference };
  const origin = layoutOrigin(source);
  const tag = source.name === undefined || !isTag(source.name) ? "latest" : source.name;
  return { reference: { registry: "localhost", repository: pathRepository(source.path), tag, text: origin }, origin };
}

/** `oci:PATH[:NAME]` of a layout. */
export function layoutOrigin(source: { readonly path: string; readonly name?: string }): string {
  return `oci:${source.path}${source.name === undefined ? "" : `:${source.name}`}`;
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
