import { join } from "node:path";
import { type Digest, type ManifestCache, parseReference, SignatureTags } from "@skerry/oci";
import type { OperatorsConfig } from "../config/types.ts";
import { BuiltCatalogs } from "../gather/build-catalog.ts";
import { openConfiguredCatalog } from "../gather/open-catalog.ts";
import { selectedByLock } from "../gather/rebuild.ts";
import { Sources } from "../gather/sources.ts";
import { buildLock } from "../lock/build.ts";
import type { ImageSetLock } from "../lock/types.ts";
import type { LockedImage, PlannedCatalog } from "../plan/types.ts";
import { KnownReferrers } from "../resolve/known.ts";
import { describeImage } from "../resolve/resolve.ts";
import type { SourceOf } from "../run/roots.ts";
import { Memo } from "../workspace/memo.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { contentOf } from "./archive-roots.ts";
import type { OpenArchive } from "./import-source.ts";
import { chooseSubset, type SubsetRule } from "./subset-rule.ts";

export interface SubsetContext {
  readonly workspace: Workspace;
  readonly manifests: ManifestCache;
  readonly skerryVersion: string;
  readonly signal?: AbortSignal | undefined;
}

/** A part of an archive that can be imported like a whole one. Close it after the run. */
export interface SubsetArchive extends AsyncDisposable {
  readonly lock: ImageSetLock;
  /** Built catalogs from the workspace, everything else from `rest`. */
  over(rest: SourceOf): SourceOf;
  /** True for a catalog that was filtered again: it comes from the workspace. */
  builds(image: LockedImage): boolean;
}

/**
 * Takes a part of an archive. Catalogs of which packages are left out are filtered again, out of the image in the archive:
 * the same archive and rules give the same digest.
 * @throws MirrorError `SELECTION_INVALID`; CatalogError when the catalog in the archive cannot be read
 */
export async function subsetArchive(archive: OpenArchive, rules: readonly SubsetRule[], context: SubsetContext): Promise<SubsetArchive> {
  const { lock } = archive;
  const subset = chooseSubset(lock, rules);
  const built = await BuiltCatalogs.open(join(context.workspace.cacheDir, "built"));
  try {
    const catalogs: PlannedCatalog[] = [];
    const replaced = new Map<Digest, LockedImage>();
    const readers = new Map<Digest, ReturnType<SourceOf>>();
    for (const catalog of subset.catalogs) {
      const image = subset.images.find((one) => one.kind === "catalog" && one.digest === catalog.targetDigest);
      const whole = lock.catalogs.find((one) => one.targetDigest === catalog.targetDigest);
      if (image === undefined || whole?.packages.length === catalog.packages.length) {
        catalogs.push(catalog);
        continue;
      }
      const made = await filterAgain(archive, { catalog, image }, { ...context, built });
      catalogs.push(made.catalog);
      replaced.set(image.digest, made.image);
      readers.set(made.image.digest, made.source);
    }
    const images = subset.images.map((image) => replaced.get(image.digest) ?? image);
    const over =
      (rest: SourceOf): SourceOf =>
      (image) =>
        readers.get(image.digest) ?? rest(image);
    return {
      lock: await lockOf(lock, { images, catalogs }, over(archive.source)),
      over,
      builds: (image) => readers.has(image.digest),
      [Symbol.asyncDispose]: () => built[Symbol.asyncDispose](),
    };
  } catch (error) {
    await built[Symbol.asyncDispose]();
    throw error;
  }
}

async function filterAgain(
  archive: OpenArchive,
  what: { readonly catalog: PlannedCatalog; readonly image: LockedImage },
  context: SubsetContext & { readonly built: BuiltCatalogs },
): Promise<{ readonly catalog: PlannedCatalog; readonly image: LockedImage; readonly source: ReturnType<SourceOf> }> {
  const { catalog, image } = what;
  const { workspace, signal } = context;
  await using sources = new Sources(() => archive.reader, context.manifests);
  const entry = entryOf(catalog);
  const opened = await openConfiguredCatalog(entry, {
    sources,
    memo: new Memo(join(workspace.cacheDir, "memo")),
    catalogsDir: join(workspace.cacheDir, "catalogs"),
    temporaryDir: workspace.temporaryDir,
    baseDir: workspace.dir,
    signal,
  });
  try {
    const selected = { ...selectedByLock(opened.catalog, catalog), unchanged: false };
    const made = await context.built.of(
      { entry, opened, selected, requests: [], packages: catalog.packages, references: [], problems: [] },
      {
        mode: catalog.mode,
        platforms: catalog.platforms,
        skerryVersion: context.skerryVersion,
        temporaryDir: workspace.temporaryDir,
        signal,
      },
    );
    const source = { reader: made.reader, place: made.place };
    const { origin, kind, destination, reasons } = image;
    const described = await describeImage(
      { origin, kind, destination, reasons, platforms: [] },
      { ...source, name: made.root.digest },
      {
        root: made.root,
        context: {
          source: () => ({ ...source, name: made.root.digest }),
          known: new KnownReferrers(undefined),
          referrers: "none",
          externalLayers: "keep",
          signatureTags: new SignatureTags(),
          signal,
        },
      },
    );
    const bytes = [...described.content].reduce((sum, [, size]) => sum + size, 0);
    return {
      catalog: { ...catalog, targetDigest: made.root.digest, unchanged: false, bytes: made.bytes },
      image: { ...described.image, totalBytes: bytes, uniqueBytes: bytes },
      source,
    };
  } finally {
    await opened.catalog.close();
  }
}

function entryOf(catalog: PlannedCatalog): OperatorsConfig {
  const text = `archive.invalid/catalog@${catalog.targetDigest}`;
  return {
    catalog: catalog.catalog,
    source: { kind: "registry", reference: parseReference(text) },
    selection: {},
    skipDependencies: true,
    platforms: [],
    position: { line: 0, column: 0 },
  };
}

/** The lock of a part: the same set with fewer images, so that its name, resources and age stay. */
async function lockOf(
  lock: ImageSetLock,
  part: { readonly images: readonly LockedImage[]; readonly catalogs: readonly PlannedCatalog[] },
  source: SourceOf,
): Promise<ImageSetLock> {
  const { images, catalogs } = part;
  const kept = new Set(catalogs.map(({ catalog }) => catalog));
  const packages = new Set(catalogs.flatMap(({ packages: names }) => names.map(({ name }) => name)));
  const contents = await contentOf({ lock: { ...lock, images }, source, externalLayers: "keep" });
  const bytes = new Map<Digest, number>();
  for (const { manifests, blobs } of contents) for (const { digest, size } of [...manifests, ...blobs]) bytes.set(digest, size);
  const isOurs = (problem: { readonly catalog?: string; readonly package?: string }): boolean =>
    (problem.catalog === undefined || kept.has(problem.catalog)) && (problem.package === undefined || packages.has(problem.package));
  return buildLock({
    ...lock,
    ...lock.imageSet,
    createdAt: new Date(lock.createdAt),
    images,
    catalogs,
    missing: lock.missing.filter(({ reasons }) => reasons.some(isOurs)),
    blobs: [...bytes].map(([digest, size]) => ({ digest, bytes: size })),
    problems: lock.problems.filter(isOurs),
  });
}
