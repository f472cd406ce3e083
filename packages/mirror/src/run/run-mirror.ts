import { join } from "node:path";
import { isOciError, type Journal, type Reader, type TransferReport } from "@skerry/oci";
import { lockArtifact, lockRepository, lockTag, storeLock } from "../lock/at-target.ts";
import { imageKey } from "../lock/build.ts";
import type { ImageSetLock } from "../lock/types.ts";
import { withReducedCatalogs } from "../lock/without-bundles.ts";
import { targetRepository } from "../plan/destination.ts";
import type { PlannedCatalog } from "../plan/types.ts";
import type { Problem } from "../problem/problem.ts";
import { waive } from "../problem/waive.ts";
import { isOwnFault } from "../resolve/failure.ts";
import { keepOnly } from "../workspace/files.ts";
import { jsonPieces } from "../workspace/json-pieces.ts";
import { writeWorkspaceFile } from "../workspace/workspace.ts";
import { type Connected, openConnected } from "./connected.ts";
import type { RunContext } from "./context.ts";
import { type DropResult, dropBundles } from "./drop-bundles.ts";
import { type MirrorOptions, type MirrorTarget, mirrorLock } from "./mirror-lock.ts";
import { probeTarget } from "./probe-target.ts";
import { type MirrorReport, mirrorReport, runResult } from "./report.ts";
import { catalogAt, type DescribeResources } from "./resources.ts";
import { describePlan, type FinishedPlan, keepRate, type PlanRun, writePlanDocument } from "./run-plan.ts";

export interface MirrorRun {
  readonly plan: FinishedPlan;
  readonly planRun: PlanRun;
  readonly target: MirrorTarget;
  readonly options: MirrorOptions;
  readonly describe: DescribeResources;
  /** Keeps the lock at the target too. */
  readonly storeLock: boolean;
  /** Requests and retries of the run so far, by host and method. */
  readonly counts: () => { readonly requests: MirrorReport["requests"]; readonly retries: number };
}

/**
 * Transfers a lock, then writes what follows from it: the lock at the target, the cluster's resources, the report. Resources
 * are made of what is there, so they never promise what is not.
 */
export async function runMirror(run: MirrorRun, context: RunContext): Promise<MirrorReport> {
  const { plan, target } = run;
  const startedAt = context.now();
  const moved = await move(run, context);
  const { transferred } = moved;
  const endedAt = context.now();
  await keepRate(context.workspace, { bytes: transferred.moved.bytes, seconds: (endedAt.getTime() - startedAt.getTime()) / 1000 });
  const { files, problems } = nothingFollows(run, transferred) ? NOTHING_FOLLOWED : await follow(run, moved, context);
  const lock = withReducedCatalogs(plan.lock, moved.reduced);
  const report = mirrorReport({
    lock: problems.length === 0 ? lock : { ...lock, problems: [...lock.problems, ...problems] },
    transfer: transferred,
    target,
    startedAt,
    endedAt,
    ...run.counts(),
    files: { ...(run.options.contentOnly === true ? {} : plan.document.files), ...files },
  });
  await writeWorkspaceFile(context.workspace, "report.json", () => jsonPieces(report));
  return report;
}

/** What was moved, and what is wrong with the keeping of its lock. */
interface Moved extends DropResult {
  readonly problems: readonly Problem[];
}

/** Moves content and, while the journal is at hand, the lock that tells of it. */
async function move(run: MirrorRun, context: RunContext): Promise<Moved> {
  await using connected = await openConnected(run.plan.lock, context);
  const result = await moveContent(run, connected, context);
  const { transferred } = result;
  const lock = deliveredLock(run, result);
  // A lock tells verify and prune what a target should hold; where nothing arrived, the one before is still right.
  const keeps = run.storeLock && !nothingFollows(run, transferred) && runResult(lock, transferred) !== "failed";
  return { ...result, problems: keeps ? await tryKeepLock({ ...run, journal: connected.journal }, lock, context) : [] };
}

/** The lock of what is there, with the names of the resources that follow from it. */
function deliveredLock({ describe }: MirrorRun, { reduced, delivered }: DropResult): ImageSetLock {
  return reduced.length === 0 ? delivered : { ...delivered, resources: describe(delivered).resources };
}

function nothingFollows({ options }: MirrorRun, transferred: TransferReport): boolean {
  return transferred.interrupted || options.contentOnly === true;
}

async function moveContent(run: MirrorRun, connected: Connected, context: RunContext): Promise<DropResult> {
  await probeTarget(run.plan.lock, run.target, { journal: connected.journal, recheck: run.options.recheck, signal: context.signal });
  const options = { ...run.options, signal: context.signal };
  const transferred = await mirrorLock(run.plan.lock, run.target, { options, ...connected });
  const isWhole = !transferred.interrupted && !options.failFast && options.contentOnly !== true;
  const drops = options.partialCatalog === "drop-bundles" && isWhole;
  if (!drops) return { transferred, reduced: [], delivered: run.plan.lock };
  return await dropBundles({ lock: run.plan.lock, target: run.target, options, connected }, transferred, context);
}

/** What was made of a transfer, and what of it did not work. */
interface Followed {
  readonly files: Readonly<Record<string, string>>;
  readonly problems: readonly Problem[];
}

const NOTHING_FOLLOWED: Followed = { files: {}, problems: [] };

async function follow(run: MirrorRun, moved: Moved, context: RunContext): Promise<Followed> {
  const { target, describe } = run;
  const { transferred, problems } = moved;
  const { workspace, signal } = context;
  const lock = deliveredLock(run, moved);
  // Where nothing arrived, the resources before are still right.
  if (runResult(lock, transferred) === "failed") {
    await refreshPlan(run, moved, context);
    return { files: { report: join(workspace.dir, "report.json") }, problems: [] };
  }
  const subject = await deliveredSubject(lock, { target, transferred, signal });
  const { files } = describe(subject);
  for (const file of files) await writeWorkspaceFile(workspace, join("cluster-resources", file.name), file.text);
  await keepOnly(workspace.resourcesDir, new Set(files.map((file) => file.name)));
  await refreshPlan(run, moved, context);
  return { files: { resources: workspace.resourcesDir, report: join(workspace.dir, "report.json") }, problems };
}

/** What the keeping of a lock needs of a run. */
type LockKeeping = MirrorRun & { readonly journal: Journal };

/** A target that does not take the lock has the images all the same: that is a row, and the report tells the rest. */
async function tryKeepLock(run: LockKeeping, lock: ImageSetLock, context: RunContext): Promise<readonly Problem[]> {
  try {
    await keepLock(run, lock, context);
    return [];
  } catch (error) {
    if (!isOciError(error) || isOwnFault(error)) throw error;
    const { target } = run;
    const place = `${target.host}/${lockRepository(target.prefix, target.maxNestedPaths)}:${lockTag(lock.imageSet.name)}`;
    const { source } = run.planRun;
    const problem: Problem = {
      code: error.code === "NO_SPACE" || error.status === 413 ? "SPACE_SHORT" : "PUSH_DENIED",
      severity: "error",
      subject: place,
      action: "dropped",
      waived: false,
      message: `The lock could not be stored at the target: ${error.message}`,
      hint: `${error.hint ?? "Look at the registry's own log."} Then run the same command again, or leave the lock out with --no-store-lock.`,
    };
    return waive([problem], source.from === "lock" ? [] : source.options.waivers);
  }
}

/** Stores the lock at the target, unless the journal says that it is there. */
async function keepLock(run: LockKeeping, lock: ImageSetLock, context: RunContext): Promise<void> {
  const { target } = run;
  const repository = lockRepository(target.prefix, target.maxNestedPaths);
  const { journal } = run;
  const artifact = lockArtifact(lock);
  const asked = { digest: artifact.manifest.digest, referrers: "none" as const };
  if (!run.options.recheck && journal.covers(target.store.name, repository, asked)) return;
  await storeLock(target.store, artifact, { repository, signal: context.signal });
  journal.addRoot(target.store.name, repository, {
    digest: artifact.manifest.digest,
    manifests: [artifact.manifest.digest],
    skipped: [],
    referrers: "none",
  });
  await journal.flush();
}

/** What of a lock is at the target after a run; a catalog that stayed as it was is named by the digest that it has there. */
async function deliveredSubject(
  lock: ImageSetLock,
  how: { readonly target: MirrorTarget; readonly transferred: TransferReport; readonly signal: AbortSignal | undefined },
): Promise<ImageSetLock> {
  const delivered = new Set(
    how.transferred.outcomes.filter((one) => one.outcome !== "failed" && one.outcome !== "skipped").map((one) => one.id),
  );
  const images = lock.images.filter((image) => delivered.has(imageKey(image)));
  const catalogs: PlannedCatalog[] = [];
  for (const catalog of lock.catalogs) {
    if (images.some((image) => image.kind === "catalog" && image.digest === catalog.targetDigest)) catalogs.push(catalog);
    else catalogs.push(...(await previousCatalog(catalog, how.target, how)));
  }
  return { ...lock, images, catalogs };
}

async function previousCatalog(
  catalog: PlannedCatalog,
  target: MirrorTarget,
  options: { readonly signal: AbortSignal | undefined },
): Promise<PlannedCatalog[]> {
  const colon = catalog.targetCatalog.lastIndexOf(":");
  const repository = targetRepository(target.prefix, catalog.targetCatalog.slice(0, colon), target.maxNestedPaths);
  const reader: Pick<Reader, "resolve"> = target.store;
  const found = await reader.resolve({ repository }, catalog.targetCatalog.slice(colon + 1), options);
  return found === undefined ? [] : [catalogAt(catalog, found.digest)];
}

/** The plan's document after the run: what is there now need not move again. */
async function refreshPlan(run: MirrorRun, moved: DropResult, context: RunContext): Promise<void> {
  const { lock, document } = run.plan;
  const outcomes = new Map(moved.transferred.outcomes.map((one) => [one.id, one.outcome]));
  // Another image than the planned one was pushed for these.
  for (const { image } of moved.reduced) outcomes.delete(imageKey(image));
  const present = lock.images.map((image) => {
    const outcome = outcomes.get(imageKey(image));
    return outcome !== undefined && outcome !== "failed" && outcome !== "skipped";
  });
  const uniqueBytes = lock.blobs.reduce((sum, blob) => sum + blob.bytes, 0);
  const absentBytes = lock.images.reduce((sum, image, index) => sum + (present[index] === true ? 0 : image.totalBytes), 0);
  const costs = { operators: document.operators, manifests: document.totals.manifests };
  const state = { present, presentBytes: Math.max(0, uniqueBytes - absentBytes) };
  await writePlanDocument(
    context.workspace,
    await describePlan({ lock, costs, previous: lock, run: run.planRun, state }, context),
    run.planRun,
  );
}
