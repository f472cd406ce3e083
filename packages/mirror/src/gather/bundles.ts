import { bundleImages, type Catalog, CatalogError, type CatalogProblem, type Selected, type SelectedPackage } from "@skerry/catalog";
import { parseReference } from "@skerry/oci";
import type { ImageRequest } from "../plan/plan.ts";
import type { KeptPackage } from "../plan/types.ts";
import { isOwnFault } from "../resolve/failure.ts";
import type { EnvironmentReader } from "./environment.ts";
import type { BundleRepairer } from "./repair.ts";

export interface BundleContext {
  /** The catalog as written in the configuration. */
  readonly catalog: string;
  /** Platforms to keep; empty: all. */
  readonly platforms: readonly string[];
  readonly repair: BundleRepairer;
  /** Finds `RELATED_IMAGE_*` values, where they are wanted too. */
  readonly environment?: EnvironmentReader | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the kept bundles of one catalog need. */
export interface GatheredBundles {
  readonly requests: readonly ImageRequest[];
  /** Rows about references; those with action `repaired` are applied when the catalog is written. */
  readonly problems: readonly CatalogProblem[];
  readonly packages: readonly KeptPackage[];
  /** The selection without the packages that cannot be read. */
  readonly selected: Selected;
}

/**
 * Reads every kept bundle once and lists its images, with the channels that keep it as reasons. A package one of whose kept
 * bundles cannot be read is left out, with a row: no cluster could serve it.
 */
export async function gatherBundles(catalog: Catalog, selected: Selected, context: BundleContext): Promise<GatheredBundles> {
  const requests: ImageRequest[] = [];
  const problems: CatalogProblem[] = [];
  const kept: SelectedPackage[] = [];
  for (const chosen of selected.packages) {
    try {
      const found = await gatherPackage(catalog, chosen, context);
      requests.push(...found.requests);
      problems.push(...found.problems);
      kept.push(chosen);
    } catch (error) {
      problems.push(unreadablePackage(chosen, error));
    }
  }
  return { requests, problems, packages: kept.map((chosen) => keptPackage(catalog, chosen)), selected: { ...selected, packages: kept } };
}

async function gatherPackage(
  catalog: Catalog,
  chosen: SelectedPackage,
  context: BundleContext,
): Promise<Pick<GatheredBundles, "requests" | "problems">> {
  const requests: ImageRequest[] = [];
  const problems: CatalogProblem[] = [];
  const channelsOf = channelsByBundle(chosen);
  for (const name of chosen.bundles) {
    context.signal?.throwIfAborted();
    const bundle = await catalog.bundle(chosen.name, name);
    const found = bundleImages(bundle, { environmentImages: await context.environment?.(bundle) });
    const repaired = found.broken.length === 0 ? { images: [], problems: [] } : await context.repair(bundle, found.broken);
    problems.push(...found.problems, ...repaired.problems);
    const images = [
      ...found.images.map((image) => ({ ...image, field: image.fields[0] ?? "image" })),
      ...repaired.images.map((image) => ({ ...image, kind: "related" as const })),
    ];
    for (const { reference, kind, field } of images) {
      for (const channel of channelsOf.get(name) ?? [""]) {
        const reason = { catalog: context.catalog, package: chosen.name, ...(channel === "" ? {} : { channel }), bundle: name, field };
        requests.push({ reference, kind, platforms: context.platforms, reason });
      }
    }
  }
  return { requests, problems };
}

/** The row for a package with a bundle that cannot be read; what is no fault of the catalog is passed on. */
function unreadablePackage(chosen: SelectedPackage, error: unknown): CatalogProblem {
  if (!(error instanceof CatalogError) || isOwnFault(error)) throw error;
  return {
    code: "PACKAGE_INVALID",
    severity: "error",
    subject: chosen.name,
    package: chosen.name,
    action: "dropped",
    message: `Left out package "${chosen.name}": ${error.message}`,
    hint: error.hint ?? "Select versions without this bundle, or leave the package out.",
  };
}

/** A package as it is listed in the lock: every channel with its head and versions, the head first. */
export function keptPackage(catalog: Catalog, chosen: SelectedPackage): KeptPackage {
  const bundles = catalog.package(chosen.name)?.bundles;
  const channels = chosen.channels.map((channel) => {
    const versions = channel.entries.flatMap((entry) => {
      const bundle = bundles?.get(entry.name);
      return bundle === undefined ? [] : [{ version: bundle.version, bundle: bundle.name, image: canonical(bundle.image) }];
    });
    return { name: channel.name, head: channel.head, versions: versions.sort((a, b) => (a.bundle < b.bundle ? -1 : 1)) };
  });
  return { name: chosen.name, defaultChannel: chosen.defaultChannel, channels };
}

function channelsByBundle(chosen: SelectedPackage): Map<string, string[]> {
  const channels = new Map<string, string[]>();
  for (const channel of chosen.channels) {
    for (const entry of channel.entries) {
      const known = channels.get(entry.name);
      if (known === undefined) channels.set(entry.name, [channel.name]);
      else known.push(channel.name);
    }
  }
  return channels;
}

/** Bundle images are listed as published; a reference that cannot be read keeps its text. */
function canonical(image: string): string {
  try {
    return parseReference(image).text;
  } catch {
    return image;
  }
}
