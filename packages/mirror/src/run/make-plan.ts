import { join } from "node:path";
import { type Digest, formatReference, parseDigest, SignatureTags } from "@skerry/oci";
import { blockedBy } from "../config/blocked.ts";
import { type BuiltCatalog, BuiltCatalogs } from "../gather/build-catalog.ts";
import { bundleEnvironmentReader } from "../gather/environment.ts";
import { gatherCatalogs } from "../gather/gather.ts";
import type { GatheredCatalog } from "../gather/gathered.ts";
import { bundleImageRepairer } from "../gather/repair.ts";
import { Sources } from "../gather/sources.ts";
import { unreadableCatalog } from "../gather/unreadable.ts";
import { buildLock, imageKey } from "../lock/build.ts";
import { diffLocks, type LockDifference } from "../lock/diff.ts";
import type { ImageSetLock } from "../lock/types.ts";
import { settleCollisions } from "../plan/collisions.ts";
import { CostCounter } from "../plan/costs.ts";
import { type ImageRequest, planImages, sortReasons } from "../plan/plan.ts";
import { additionalRequests, catalogDestination, layoutOrigin } from "../plan/requests.ts";
import type { LockedImage, MissingImage, OperatorCost, PlannedCatalog, PlannedImage } from "../plan/types.ts";
import type { Problem } from "../problem/problem.ts";
import { waive } from "../problem/waive.ts";
import { KnownReferrers } from "../resolve/known.ts";
import { pooled } from "../resolve/pool.ts";
import { describeImage, type ResolveContext, type ResolvedImage, resolveImage } from "../resolve/resolve.ts";
import { layoutSource, registrySource } from "../resolve/source.ts";
import { Memo } from "../workspace/memo.ts";
import { type CarryParts, carryOver } from "./carry-over.ts";
import type { PlanEvent, PlanOptions, RunContext } from "./context.ts";
import type { DescribeResources } from "./resources.ts";

/** Images that are asked about at the same time; each host's gate bounds further. */
const RESOLVE_AT_ONCE = 48;

export interface PlanInput extends PlanOptions {
  /** The lock of the last plan: what it knows of referrers is not asked again. */
  readonly previous: ImageSetLock | undefined;
  /** Names of the cluster's resources, which another room decides. */
  readonly resources: DescribeResources;
  readonly onEvent?: ((event: PlanEvent) => void) | undefined;
}

/** A finished plan. */
export interface MadePlan {
  readonly lock: ImageSetLock;
  readonly operators: readonly OperatorCost[];
  readonly difference: LockDifference;
  /** Distinct manifests among the lock's blobs. */
  readonly manifests: number;
}

/**
 * Gather, plan, resolve, lock: reads catalogs, decides what is needed, asks the network about it, and puts the result into one
 * document. Writes nothing but the workspace's cache.
 * @throws MirrorError `SELECTION_INVALID`, `COLLISION`; what others published is a row of the lock
 */
export async function makePlan(input: PlanInput, context: RunContext): Promise<MadePlan> {
  const { workspace, signal } = context;
  const memo = new Memo(join(workspace.cacheDir, "memo"));
  await using sources = new Sources(context.reader, context.manifests);
  await using built = await BuiltCatalogs.open(join(workspace.cacheDir, "built"));
  input.onEvent?.({ event: "plan.start", catalogs: input.config.operators.length, additionalImages: input.config.additionalImages.length });
  const gathered = await gatherCatalogs(input.config, {
    sources,
    memo,
    catalogsDir: join(workspace.cacheDir, "catalogs"),
    temporaryDir: workspace.temporaryDir,
    baseDir: context.baseDir,
    repair: bundleImageRepairer({ sources, memo, temporaryDir: workspace.temporaryDir, signal }),
    environment: input.environmentImages
      ? bundleEnvironmentReader({ sources, memo, temporaryDir: workspace.temporaryDir, signal })
      : undefined,
    platforms: input.platforms,
    installed: input.installed,
    deps: input.deps,
    serve: input.catalogMode,
    signal,
  });
  const draft = new Draft(input, context, sources);
  try {
    draft.problems.push(...gathered.catalogs.flatMap((catalog) => catalog.problems));
    await draft.images(gathered.catalogs.flatMap((catalog) => catalog.requests));
    for (const catalog of gathered.catalogs) {
      try {
        await draft.catalog(catalog, built);
      } catch (error) {
        draft.problems.push(unreadableCatalog(catalog.entry.catalog, error));
      }
    }
    for (const problem of gathered.problems) await draft.unreadable(problem, { sources, built, baseDir: context.baseDir, signal });
  } finally {
    for (const catalog of gathered.catalogs) await catalog.opened.catalog.close();
  }
  return draft.finish();
}

class Draft {
  readonly problems: Problem[] = [];
  readonly #input: PlanInput;
  readonly #context: RunContext;
  readonly #resolve: ResolveContext;
  readonly #resolved: ResolvedImage[] = [];
  readonly #missing: MissingImage[] = [];
  readonly #digests = new Map<Digest, Digest>();
  readonly #catalogs: PlannedCatalog[] = [];

  constructor(input: PlanInput, context: RunContext, sources: Sources) {
    this.#input = input;
    this.#context = context;
    this.#resolve = {
      source: (origin) =>
        origin.startsWith("oci:")
          ? layoutSource(origin, { sources, baseDir: context.baseDir })
          : registrySource(origin, (host) => sources.registry(host)),
      known: new KnownReferrers(input.recheck ? undefined : input.previous),
      referrers: input.referrers,
      externalLayers: input.externalLayers,
      signatureTags: new SignatureTags(),
      signal: context.signal,
    };
  }

  /** Plans and resolves everything but the catalogs themselves. */
  async images(requests: readonly ImageRequest[]): Promise<void> {
    const { config, naming, platforms, onEvent } = this.#input;
    const plan = planImages([...requests, ...additionalRequests(config, platforms)], {
      naming,
      blockedBy: (text) => blockedBy(config, text)?.name,
    });
    this.problems.push(...plan.problems);
    let done = 0;
    const total = plan.images.length;
    for await (const result of pooled(plan.images, RESOLVE_AT_ONCE, (image) => resolveImage(image, this.#resolve))) {
      this.#context.signal?.throwIfAborted();
      this.problems.push(...result.problems);
      if (result.found) {
        result.content.share(this.#digests);
        this.#resolved.push(result);
      } else this.#missing.push(result.missing);
      done += 1;
      onEvent?.({
        event: "plan.image",
        origin: result.found ? result.image.origin : result.missing.origin,
        done,
        total,
        found: result.found,
      });
    }
  }

  /** Builds the filtered image of a catalog and adds it to the images. */
  async catalog(gathered: GatheredCatalog, built: BuiltCatalogs): Promise<void> {
    const { entry } = gathered;
    const { naming, platforms } = this.#input;
    const wanted = platforms.length > 0 ? platforms : (gathered.requests[0]?.platforms ?? []);
    const image = await built.of(gathered, {
      mode: gathered.mode,
      platforms: wanted,
      skerryVersion: this.#context.skerryVersion,
      temporaryDir: this.#context.workspace.temporaryDir,
      signal: this.#context.signal,
    });
    const destination = catalogDestination(entry, image.root.digest, naming);
    const planned: PlannedImage = {
      origin: catalogOrigin(gathered),
      kind: "catalog",
      destination,
      platforms: image.unchanged ? wanted : [],
      reasons: [{ catalog: entry.catalog }],
    };
    this.#resolved.push(await this.#describeCatalog(planned, image));
    this.#catalogs.push({
      catalog: entry.catalog,
      ...(gathered.opened.image === undefined ? {} : { digest: gathered.opened.image.descriptor.digest }),
      targetCatalog: `${destination.repository}:${destination.tag}`,
      targetDigest: image.root.digest,
      unchanged: image.unchanged,
      mode: image.mode,
      platforms: wanted,
      bytes: image.bytes,
      packages: gathered.packages,
    });
    this.#input.onEvent?.({
      event: "plan.catalog",
      catalog: entry.catalog,
      packages: gathered.packages.length,
      images: gathered.requests.length,
    });
  }

  /** Takes over what the last lock says of a catalog that could not be read. */
  async unreadable(problem: Problem, parts: CarryParts): Promise<void> {
    const kept = await carryOver(this.#input.previous, problem.subject, parts);
    if (kept === undefined) {
      this.problems.push(problem);
      return;
    }
    const message = `${problem.message}; what the last lock says of it stays in the set`;
    this.problems.push({ ...problem, action: "kept", message }, ...kept.problems);
    this.#catalogs.push(...kept.catalogs);
    const there = new Map(this.#resolved.map((resolved, index) => [imageKey(resolved.image), index]));
    for (const carried of kept.images) {
      const index = there.get(imageKey(carried.image));
      const known = index === undefined ? undefined : this.#resolved[index];
      if (index === undefined || known === undefined) this.#resolved.push(carried);
      else
        this.#resolved[index] = {
          ...known,
          image: { ...known.image, reasons: sortReasons([...known.image.reasons, ...carried.image.reasons]) },
        };
    }
    const missing = new Set(this.#missing.map(imageKey));
    this.#missing.push(...kept.missing.filter((image) => !missing.has(imageKey(image)) && !there.has(imageKey(image))));
  }

  async #describeCatalog(planned: PlannedImage, image: BuiltCatalog): Promise<ResolvedImage> {
    const context: ResolveContext = image.unchanged ? this.#resolve : { ...this.#resolve, referrers: "none" };
    return await describeImage(
      planned,
      { reader: image.reader, place: image.place, name: image.root.digest },
      { root: image.root, context },
    );
  }

  finish(): MadePlan {
    const counter = new CostCounter();
    const { counted, manifests } = this.#count(counter);
    const settled = settleCollisions(counted, this.#input.naming);
    this.problems.push(...settled.problems);
    const lock = this.#lock(settled.images, counter);
    const operators = counter.operators();
    this.#input.onEvent?.({ event: "plan.end", images: lock.images.length, problems: lock.problems.length });
    return { lock, operators, difference: diffLocks(this.#input.previous, lock), manifests };
  }

  /** The rows of the images in their order, with what each costs, and how many distinct manifests they have. Lets go of the rest. */
  #count(counter: CostCounter): { readonly counted: readonly LockedImage[]; readonly manifests: number } {
    const manifests = new Set<Digest>();
    const ordered = this.#resolved
      .splice(0)
      .map((resolved) => ({ resolved, key: imageKey(resolved.image) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    this.#digests.clear();
    const counted: LockedImage[] = ordered.map(({ resolved }) => {
      for (const digest of resolved.manifests) manifests.add(digest);
      return { ...resolved.image, ...counter.add({ reasons: resolved.image.reasons, content: resolved.content }) };
    });
    this.problems.push(...ordered.flatMap(({ resolved }) => resolved.problems));
    return { counted, manifests: manifests.size };
  }

  #lock(images: readonly LockedImage[], counter: CostCounter): ImageSetLock {
    const { resources: _, ...bare } = buildLock({
      name: this.#input.name,
      configDigest: parseDigest(this.#input.config.digest),
      createdAt: this.#context.now(),
      skerryVersion: this.#context.skerryVersion,
      platforms: this.#input.platforms,
      referrers: this.#input.referrers,
      catalogs: this.#catalogs,
      images,
      missing: this.#missing,
      blobs: counter.blobs(),
      resources: { catalogSources: [], idms: [], itms: [] },
      problems: waive(this.problems, this.#input.waivers),
    });
    const { resources, problems } = this.#input.resources(bare);
    return buildLock({
      ...bare,
      ...bare.imageSet,
      createdAt: this.#context.now(),
      resources,
      problems: waive([...bare.problems, ...problems], this.#input.waivers),
    });
  }
}

/** A catalog's origin is the image it was read from; a folder has its path. */
function catalogOrigin({ entry }: GatheredCatalog): string {
  const { source } = entry;
  if (source.kind === "registry") return formatReference(source.reference);
  return source.kind === "layout" ? layoutOrigin(source) : `oci:${source.path}`;
}
