import type { Catalog, ChannelEntry, Selected } from "@skerry/catalog";
import { parseReference } from "@skerry/oci";
import type { OperatorsConfig } from "../config/types.ts";
import { MirrorError } from "../errors.ts";
import type { ImageSetLock } from "../lock/types.ts";
import type { PlannedCatalog } from "../plan/types.ts";
import type { BuildContext, BuiltCatalog, BuiltCatalogs } from "./build-catalog.ts";
import { type OpenCatalogContext, openConfiguredCatalog } from "./open-catalog.ts";

/**
 * Builds a catalog image again out of a lock alone, for a workspace whose cache is gone: the source image by its digest, the
 * packages, channels and bundles that the lock names.
 * @throws MirrorError `LOCK_DIFFERS` when the result is not the image that the lock promises; CatalogError, OciError from the source
 */
export async function rebuildCatalog(
  lock: ImageSetLock,
  planned: PlannedCatalog,
  how: { readonly built: BuiltCatalogs; readonly open: OpenCatalogContext; readonly build: BuildContext },
): Promise<BuiltCatalog> {
  const entry = entryOf(lock, planned);
  const opened = await openConfiguredCatalog(entry, how.open);
  try {
    const selected = selectedByLock(opened.catalog, planned);
    const references = lock.problems.filter(
      (problem) => problem.catalog === planned.catalog && problem.bundle !== undefined && problem.field !== undefined,
    );
    const image = await how.built.of(
      { entry, opened, selected, requests: [], packages: planned.packages, references, problems: [] },
      how.build,
    );
    if (image.root.digest === planned.targetDigest) return image;
    throw differs(planned, image.root.digest);
  } finally {
    await opened.catalog.close();
  }
}

/** The selection that a lock describes: the kept entries of each channel as the catalog has them. */
export function selectedByLock(catalog: Catalog, planned: PlannedCatalog): Selected {
  const packages = planned.packages.map((kept) => {
    const channels = kept.channels.map((channel) => {
      const names = new Set(channel.versions.map((version) => version.bundle));
      const source = catalog.package(kept.name)?.channels.find((one) => one.name === channel.name);
      const entries: readonly ChannelEntry[] = (source?.entries ?? []).filter((entry) => names.has(entry.name));
      return { name: channel.name, entries, head: channel.head };
    });
    const bundles = [...new Set(channels.flatMap((channel) => channel.entries.map((entry) => entry.name)))].sort();
    return { name: kept.name, defaultChannel: kept.defaultChannel, channels, bundles };
  });
  return { packages, problems: [], unchanged: planned.unchanged };
}

function entryOf(lock: ImageSetLock, planned: PlannedCatalog): OperatorsConfig {
  const image = lock.images.find((one) => one.kind === "catalog" && one.digest === planned.targetDigest);
  if (planned.digest === undefined || image === undefined || image.origin.startsWith("oci:")) {
    throw new MirrorError({
      code: "LOCK_DIFFERS",
      message: `Cannot build catalog ${planned.catalog} again: it was read from disk, and this workspace no longer holds the image`,
      subject: planned.catalog,
      hint: "Run 'skerry plan' where the catalog is.",
    });
  }
  const { tag: _, ...reference } = parseReference(image.origin);
  return {
    catalog: planned.catalog,
    source: { kind: "registry", reference: { ...reference, digest: planned.digest } },
    selection: {},
    skipDependencies: true,
    platforms: [],
    position: { line: 0, column: 0 },
  };
}

function differs(planned: PlannedCatalog, found: string): MirrorError {
  return new MirrorError({
    code: "LOCK_DIFFERS",
    message: `Cannot build catalog ${planned.catalog} as the lock has it: expected ${planned.targetDigest}, got ${found}`,
    subject: planned.catalog,
    hint: "The lock was made by another version of skerry or with other flags; run 'skerry plan' again.",
  });
}
