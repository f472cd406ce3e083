import { bundleImages, fetchCatalogImage, openFileCatalog } from "@skerry/catalog";
import { formatReference, isOciError, type Reader } from "@skerry/oci";
import type { ImageSetLock } from "../lock/types.ts";
import { targetRepository } from "../plan/destination.ts";
import type { LockedImage, PlannedCatalog } from "../plan/types.ts";
import { Findings } from "./findings.ts";
import type { MissingFinding } from "./types.ts";

export interface VerifyCatalogsOptions {
  readonly prefix: string;
  readonly maxNestedPaths?: number;
  /** Private folder to read catalogs in. */
  readonly temporaryDir: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads each catalog image at a target, as a cluster would, and finds every entry that names an image which the lock does not
 * have: what a console would offer and no node could pull. Entries without a readable reference promise nothing.
 */
export async function verifyCatalogs(
  lock: ImageSetLock,
  store: Reader,
  options: VerifyCatalogsOptions,
): Promise<readonly MissingFinding[]> {
  const findings = new Findings();
  const known = new Set([...lock.images, ...lock.missing].map((image) => image.origin));
  // Left out on purpose, or given up with a waiver: the lock's rows say so.
  for (const problem of lock.problems) if (problem.code === "IMAGE_BLOCKED" || problem.waived) known.add(problem.subject);
  for (const catalog of lock.catalogs) {
    const image = lock.images.find((one) => one.kind === "catalog" && one.digest === catalog.targetDigest);
    if (image !== undefined && !catalog.unchanged) await verifyCatalog({ catalog, image, known, findings, store }, options);
  }
  return findings.report("", { roots: 0, manifests: 0, blobs: 0, bytes: 0, deep: false }).missing;
}

interface CatalogCheck {
  readonly catalog: PlannedCatalog;
  readonly image: LockedImage;
  readonly known: ReadonlySet<string>;
  readonly findings: Findings;
  readonly store: Reader;
}

async function verifyCatalog(check: CatalogCheck, options: VerifyCatalogsOptions): Promise<void> {
  const { image, store } = check;
  const place = { repository: targetRepository(options.prefix, image.destination.repository, options.maxNestedPaths) };
  const descriptor = { mediaType: image.mediaType, digest: image.digest, size: image.manifestBytes };
  try {
    const fetched = await fetchCatalogImage(
      { reader: store, place, descriptor },
      { workdir: options.temporaryDir, name: check.catalog.catalog, signal: options.signal },
    );
    try {
      await verifyEntries(check, { path: fetched.path, repository: place.repository }, options);
    } finally {
      await fetched.close();
    }
  } catch (error) {
    // A catalog whose image lacks something is a finding of the images already.
    if (!isOciError(error) || error.code === "ABORTED") throw error;
  }
}

async function verifyEntries(
  check: CatalogCheck,
  at: { readonly path: string; readonly repository: string },
  options: VerifyCatalogsOptions,
): Promise<void> {
  const catalog = await openFileCatalog(at.path, { name: check.catalog.catalog, workdir: options.temporaryDir });
  try {
    for (const info of catalog.packages) {
      for (const name of info.bundles.keys()) {
        options.signal?.throwIfAborted();
        for (const image of bundleImages(await catalog.bundle(info.name, name)).images) {
          const origin = formatReference(image.reference);
          if (check.known.has(origin)) continue;
          check.findings.missing({
            repository: at.repository,
            digest: origin,
            what: "catalogEntry",
            message: `The catalog names ${origin} (${name}, ${image.fields[0] ?? "image"}), which the lock does not have`,
            origin,
            reasons: [{ catalog: check.catalog.catalog, package: info.name, bundle: name }],
          });
        }
      }
    }
  } finally {
    await catalog.close();
  }
}
