import { bundleImages, type Catalog, type CatalogProblem, type Selected, type SelectedPackage } from "@skerry/catalog";
import { parseReference } from "@skerry/oci";
import type { ImageRequest } from "../plan/plan.ts";
import type { KeptPackage } from "../plan/types.ts";
import type { BundleRepairer } from "./repair.ts";

export interface BundleContext {
  /** The catalog as written in the configuration. */
  readonly catalog: string;
  /** Platforms to keep; empty: all. */
  readonly platforms: readonly string[];
  readonly repair: BundleRepairer;
  readonly signal?: AbortSignal | undefined;
}

/** What the kept bundles of one catalog need. */
export interface GatheredBundles {
  readonly requests: readonly ImageRequest[];
  /** Rows about references; those with action `repaired` are applied when the catalog is written. */
  readonly problems: readonly CatalogProblem[];
  readonly packages: readonly KeptPackage[];
}

/** Reads every kept bundle once and lists its images, with the channels that keep it as reasons. */
export async function gatherBundles(catalog: Catalog, selected: Selected, context: BundleContext): Promise<GatheredBundles> {
  const requests: ImageRequest[] = [];
  const problems: CatalogProblem[] = [];
  for (const chosen of selected.packages) {
    const channelsOf = channelsByBundle(chosen);
    for (const name of chosen.bundles) {
      context.signal?.throwIfAborted();
      const bundle = await catalog.bundle(chosen.name, name);
      const found = bundleImages(bundle);
      problems.push(...found.problems);
      const wish = (reference: ImageRequest["reference"], kind: "bundle" | "related", field: string): void => {
        for (const channel of channelsOf.get(name) ?? [""]) {
          const reason = { catalog: context.catalog, package: chosen.name, ...(channel === "" ? {} : { channel }), bundle: name, field };
          requests.push({ reference, kind, platforms: context.platforms, reason });
        }
      };
      for (const image of found.images) wish(image.reference, image.kind, image.fields[0] ?? "image");
      if (found.broken.length === 0) continue;
      const repaired = await context.repair(bundle, found.broken);
      problems.push(...repaired.problems);
      for (const image of repaired.images) wish(image.reference, "related", image.field);
    }
  }
  return { requests, problems, packages: selected.packages.map((chosen) => keptPackage(catalog, chosen)) };
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
