import { type BrokenCut, isCatalogError } from "@skerry/catalog";
import { type RootOutcome, SignatureTags, type TransferReport } from "@skerry/oci";
import type { BuiltCatalog } from "../gather/build-catalog.ts";
import { buildWithoutBundles } from "../gather/without-bundles.ts";
import { imageKey } from "../lock/build.ts";
import type { ImageSetLock } from "../lock/types.ts";
import { type ReducedCatalog, withoutDropped, withReducedCatalogs } from "../lock/without-bundles.ts";
import type { LockedImage, PlannedCatalog } from "../plan/types.ts";
import type { Problem } from "../problem/problem.ts";
import { KnownReferrers } from "../resolve/known.ts";
import { describeImage } from "../resolve/resolve.ts";
import type { Connected } from "./connected.ts";
import type { RunContext } from "./context.ts";
import { CatalogGuards, type FailedImage } from "./guard.ts";
import { recounted } from "./lock-costs.ts";
import { type MirrorOptions, type MirrorTarget, mirrorLock } from "./mirror-lock.ts";
import type { SourceOf } from "./roots.ts";

/** What a second pass over the catalogs did. */
export interface DropResult {
  readonly transferred: TransferReport;
  /** The catalogs that were pushed without some bundles. */
  readonly reduced: readonly ReducedCatalog[];
  /** The lock of what was delivered; the run's own when no catalog was reduced. */
  readonly delivered: ImageSetLock;
}

export interface DropRun {
  readonly lock: ImageSetLock;
  readonly target: MirrorTarget;
  readonly options: MirrorOptions;
  readonly connected: Connected;
}

/**
 * Pushes the catalogs that had to stay behind without the bundles whose images are not at the target, where every channel
 * stands without them. Where one does not, the previous catalog stays and its outcome says which cut broke which channel.
 * Images that were only put off, by a time window or a run that stops early, cost no bundle.
 */
export async function dropBundles(run: DropRun, first: TransferReport, context: RunContext): Promise<DropResult> {
  const outcomes = new Map(first.outcomes.map((outcome) => [outcome.id, outcome]));
  const failed = new CatalogGuards(run.lock, run.options.partialCatalog).failed(outcomes);
  const prepared: Prepared[] = [];
  const kept = new Map<string, string>();
  for (const image of run.lock.images) {
    const planned = catalogOf(run.lock, image);
    if (planned === undefined || outcomes.get(imageKey(image))?.outcome !== "skipped") continue;
    const own = failed.filter((one) => one.reasons.some((reason) => reason.catalog === planned.catalog));
    if (own.length === 0 || own.some((one) => isPutOff(run.lock, one, outcomes))) continue;
    const result = await prepare(run, { planned, image, failed: own }, context);
    if (typeof result === "string") kept.set(imageKey(image), result);
    else prepared.push(result);
  }
  const told = first.outcomes.map((outcome) => {
    const reason = kept.get(outcome.id);
    return reason === undefined ? outcome : { ...outcome, reason };
  });
  const toldReport = { ...first, outcomes: told };
  if (prepared.length === 0) return { transferred: toldReport, reduced: [], delivered: run.lock };
  const source = sourceWith(run, prepared);
  const second = await push(run, prepared, source);
  const pushed = new Map(second.outcomes.map((outcome) => [outcome.id, outcome]));
  const reduced = prepared.map((one) => one.reduced).filter(({ image }) => isThere(pushed.get(imageKey(image))));
  const delivered = reduced.length === 0 ? run.lock : await recounted(withoutDropped(run.lock, reduced), source, context.signal);
  return { transferred: merged(toldReport, second), reduced, delivered };
}

interface Prepared {
  readonly reduced: ReducedCatalog;
  readonly built: BuiltCatalog;
}

function catalogOf(lock: ImageSetLock, image: LockedImage): PlannedCatalog | undefined {
  if (image.kind !== "catalog") return undefined;
  return lock.catalogs.find(
    (catalog) => catalog.targetDigest === image.digest && image.reasons.some((reason) => reason.catalog === catalog.catalog),
  );
}

function isPutOff(lock: ImageSetLock, failed: FailedImage, outcomes: ReadonlyMap<string, RootOutcome>): boolean {
  return lock.images.some((image) => image.origin === failed.origin && outcomes.get(imageKey(image))?.outcome === "skipped");
}

function isThere(outcome: RootOutcome | undefined): boolean {
  return outcome !== undefined && outcome.outcome !== "failed" && outcome.outcome !== "skipped";
}

/** The smaller catalog, built; or why the previous one stays. */
async function prepare(
  run: DropRun,
  what: { readonly planned: PlannedCatalog; readonly image: LockedImage; readonly failed: readonly FailedImage[] },
  context: RunContext,
): Promise<Prepared | string> {
  const { planned, image, failed } = what;
  const culprits = culpritsOf(planned.catalog, failed);
  const dropped = new Map([...culprits].map(([name, bundles]) => [name, new Set(bundles.keys())]));
  const { reader, place } = run.connected.source(image);
  const descriptor = { mediaType: image.mediaType, digest: image.digest, size: image.manifestBytes };
  const build = {
    mode: planned.mode,
    platforms: planned.platforms,
    skerryVersion: run.lock.skerryVersion,
    temporaryDir: context.workspace.temporaryDir,
    signal: context.signal,
  };
  try {
    const smaller = await buildWithoutBundles(planned, dropped, {
      image: { reader, place, descriptor },
      built: run.connected.built,
      build,
    });
    if (!smaller.holds) return brokenText(smaller.broken, culprits);
    const after: PlannedCatalog = {
      ...planned,
      targetDigest: smaller.image.root.digest,
      unchanged: false,
      bytes: smaller.image.bytes,
      packages: smaller.packages,
    };
    const reduced = {
      before: planned,
      after,
      image: await lockedImage(image, smaller.image, context),
      dropped,
      problems: droppedRows(planned.catalog, culprits),
    };
    return { reduced, built: smaller.image };
  } catch (error) {
    if (!isCatalogError(error)) throw error;
    return `the previous catalog stays: it could not be built without the bundles whose images are not at the target: ${error.message}`;
  }
}

/** Failed image of each bundle, by package and bundle. */
type Culprits = ReadonlyMap<string, ReadonlyMap<string, string>>;

function culpritsOf(catalog: string, failed: readonly FailedImage[]): Culprits {
  const culprits = new Map<string, Map<string, string>>();
  for (const { origin, reasons } of failed) {
    for (const reason of reasons) {
      if (reason.catalog !== catalog || reason.package === undefined || reason.bundle === undefined) continue;
      const own = culprits.get(reason.package) ?? new Map<string, string>();
      if (!own.has(reason.bundle)) own.set(reason.bundle, origin);
      culprits.set(reason.package, own);
    }
  }
  return culprits;
}

function brokenText(broken: readonly BrokenCut[], culprits: Culprits): string {
  const cuts = broken.map((cut) => {
    const bundles = cut.bundles.map((name) => `${name} (${culprits.get(cut.package)?.get(name) ?? "its image"} is not at the target)`);
    return `without ${bundles.join(", ")} channel ${cut.channel} of ${cut.package} would break: ${cut.why}${nearestText(cut)}`;
  });
  return `the previous catalog stays: ${cuts.join("; ")}`;
}

/** The nearest selection that holds. */
function nearestText({ alsoWithout }: BrokenCut): string {
  if (alsoWithout === undefined || alsoWithout.length === 0) return "";
  const shown = alsoWithout.slice(0, 5).join(", ");
  return ` (it would stand without ${shown}${alsoWithout.length > 5 ? ` and ${alsoWithout.length - 5} more` : ""} too)`;
}

function droppedRows(catalog: string, culprits: Culprits): Problem[] {
  return [...culprits].flatMap(([name, bundles]) =>
    [...bundles].map(
      ([bundle, origin]): Problem => ({
        code: "BUNDLE_DROPPED",
        severity: "error",
        subject: bundle,
        catalog,
        package: name,
        bundle,
        original: origin,
        action: "dropped",
        waived: false,
        message: `Left bundle ${bundle} out of the catalog at the target: ${origin} is not there`,
        hint: "Mend the image and run the same command again; the whole catalog is pushed then.",
      }),
    ),
  );
}

/** The row of the smaller image, under the name of the one that it stands for. */
async function lockedImage(image: LockedImage, built: BuiltCatalog, context: RunContext): Promise<LockedImage> {
  const { origin, destination, reasons } = image;
  const described = await describeImage(
    { origin, kind: "catalog", destination, reasons, platforms: [] },
    { reader: built.reader, place: built.place, name: built.root.digest },
    {
      root: built.root,
      context: {
        source: () => ({ reader: built.reader, place: built.place, name: built.root.digest }),
        known: new KnownReferrers(undefined),
        referrers: "none",
        externalLayers: "keep",
        signatureTags: new SignatureTags(),
        signal: context.signal,
      },
    },
  );
  const totalBytes = [...described.content].reduce((sum, [, bytes]) => sum + bytes, 0);
  return { ...described.image, totalBytes, uniqueBytes: totalBytes };
}

function sourceWith(run: DropRun, prepared: readonly Prepared[]): SourceOf {
  const builtOf = new Map(prepared.map((one) => [imageKey(one.reduced.image), one.built]));
  return (image) => builtOf.get(imageKey(image)) ?? run.connected.source(image);
}

async function push(run: DropRun, prepared: readonly Prepared[], source: SourceOf): Promise<TransferReport> {
  const reduced = prepared.map((one) => one.reduced);
  const keys = new Set(reduced.map(({ image }) => imageKey(image)));
  return await mirrorLock(withReducedCatalogs(run.lock, reduced), run.target, {
    options: { ...run.options, partialCatalog: "push", only: (image) => keys.has(imageKey(image)) },
    source,
    journal: run.connected.journal,
  });
}

function merged(first: TransferReport, second: TransferReport): TransferReport {
  const later = new Map(second.outcomes.map((outcome) => [outcome.id, outcome]));
  const { moved } = second;
  const sum = (key: keyof typeof moved): number => first.moved[key] + moved[key];
  return {
    outcomes: first.outcomes.map((outcome) => later.get(outcome.id) ?? outcome),
    moved: {
      blobs: sum("blobs"),
      bytes: sum("bytes"),
      manifests: sum("manifests"),
      mountedBlobs: sum("mountedBlobs"),
      mountedBytes: sum("mountedBytes"),
      presentBlobs: sum("presentBlobs"),
      presentBytes: sum("presentBytes"),
    },
    retries: first.retries + second.retries,
    interrupted: first.interrupted || second.interrupted,
  };
}
