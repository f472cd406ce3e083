import { join } from "node:path";
import { archiveRoom } from "../archive/room.ts";
import type { ImageSetConfig } from "../config/types.ts";
import { MirrorError } from "../errors.ts";
import { diffLocks } from "../lock/diff.ts";
import type { ImageSetLock } from "../lock/types.ts";
import { type PlanDocument, type PlanDocumentInput, planDocument } from "../plan/document.ts";
import { planHtml } from "../plan/html.ts";
import { mappingText, missingText } from "../plan/lists.ts";
import { isOpen } from "../problem/problem.ts";
import { keepOnly, readTextFile } from "../workspace/files.ts";
import { jsonPieces } from "../workspace/json-pieces.ts";
import { readWorkspaceLock, type Workspace, writeWorkspaceFile, writeWorkspaceLock } from "../workspace/workspace.ts";
import { type Connected, openConnected } from "./connected.ts";
import type { PlanEvent, PlanOptions, RunContext } from "./context.ts";
import { countCosts, type LockCosts } from "./lock-costs.ts";
import { makePlan } from "./make-plan.ts";
import type { MirrorTarget } from "./mirror-lock.ts";
import type { DescribeResources } from "./resources.ts";
import { lookAtTarget, type TargetState } from "./target-state.ts";

/** Where the lock of a run comes from. */
export type LockSource =
  /** Resolve the configuration anew. */
  | { readonly from: "plan"; readonly options: PlanOptions }
  /** The workspace's lock, refused when configuration or catalogs differ from it. */
  | { readonly from: "locked"; readonly options: PlanOptions }
  /** A lock that is used as it is; nothing is resolved. */
  | { readonly from: "lock"; readonly lock: ImageSetLock };

export interface PlanRun {
  readonly source: LockSource;
  readonly target?: MirrorTarget;
  /** Set when the target is an archive: its room is estimated. */
  readonly archive?: { readonly dir: string; readonly volumeBytes: number } | undefined;
  readonly describe: DescribeResources;
  readonly recheck: boolean;
  /** Looks at the target; a mirror run leaves that to the transfer, which looks at each root once. */
  readonly look: boolean;
  /** Writes `plan.html` beside `plan.json`. */
  readonly html?: boolean;
  /** `--limit-rate`, for the estimate. */
  readonly givenRate?: number | undefined;
  readonly onEvent?: ((event: PlanEvent) => void) | undefined;
}

/** A lock, and what its packages cost where that was counted already. */
export interface LockWithCosts {
  readonly lock: ImageSetLock;
  readonly costs?: LockCosts;
}

/** A plan, its lock, and what the target has of it. */
export interface FinishedPlan {
  readonly lock: ImageSetLock;
  readonly document: PlanDocument;
}

/**
 * Makes the lock of a run and the document about it, and writes both into the workspace. Moves nothing.
 * @throws MirrorError `SELECTION_INVALID`, `COLLISION`, `LOCK_DIFFERS`, `LOCK_NOT_FOUND`
 */
export async function runPlan(run: PlanRun, context: RunContext): Promise<FinishedPlan> {
  const { workspace } = context;
  const previous = await readWorkspaceLock(workspace);
  const made = await lockOf(run, previous, context);
  const isOutage = run.source.from !== "lock" && previous !== undefined && foundNothing(made.lock);
  const lock = run.source.from === "lock" || isOutage ? made.lock : await writeWorkspaceLock(workspace, made.lock, previous);
  const document = await describePlan({ ...made, lock, previous, run }, context);
  await writeLists(workspace, lock, isOutage ? { describe: run.describe } : run);
  if (run.look) await writePlanDocument(workspace, document, run);
  return { lock, document };
}

/** True when no source could be asked: such a lock says nothing, and the one before stays with what was made of it. */
function foundNothing(lock: ImageSetLock): boolean {
  return lock.images.length === 0 && lock.problems.some(isOpen);
}

/** The plan's document about a lock, seen from the target now. */
export async function describePlan(
  what: LockWithCosts & { readonly previous: ImageSetLock | undefined; readonly run: PlanRun; readonly state?: TargetState },
  context: RunContext,
): Promise<PlanDocument> {
  const { lock, previous, run } = what;
  const { state, costs } = await seen(what, context);
  const rate = await knownRate(run, context.workspace);
  const room = run.archive === undefined ? undefined : await archiveRoom(lock, run.archive);
  return planDocument({
    lock,
    ...(run.target === undefined ? {} : { target: run.target }),
    operators: costs.operators,
    present: state?.present ?? [],
    presentBytes: state?.presentBytes ?? null,
    manifests: costs.manifests,
    volumes: room?.volumes ?? null,
    ...(rate === undefined ? {} : { rate }),
    space: room?.space ?? [],
    difference: diffLocks(previous, lock),
    files: planFiles(context.workspace, run),
  });
}

/** What the target has and what packages cost, where the caller does not know. Sources and journal are opened only to find out. */
async function seen(
  { lock, run, state, costs }: LockWithCosts & { readonly run: PlanRun; readonly state?: TargetState },
  context: RunContext,
): Promise<{ readonly state: TargetState | undefined; readonly costs: LockCosts }> {
  const target = run.look ? run.target : undefined;
  if (costs !== undefined && (state !== undefined || target === undefined)) return { state, costs };
  await using connected = await openConnected(lock, context);
  return {
    state: state ?? (target === undefined ? undefined : await stateOf(lock, { run, target, connected, context })),
    costs: costs ?? (await countCosts(lock, connected.source, context.signal)),
  };
}

/** Writes `plan.json`, and `plan.html` where it was asked for; what is equal is not written again. */
export async function writePlanDocument(workspace: Workspace, document: PlanDocument, run: Pick<PlanRun, "html">): Promise<void> {
  await writeWorkspaceFile(workspace, "plan.json", () => jsonPieces(document));
  if (run.html === true) await writeWorkspaceFile(workspace, "plan.html", () => planHtml(document));
}

/** Writes the lists, and the resources as they would be, for a target. */
async function writeLists(workspace: Workspace, lock: ImageSetLock, run: Pick<PlanRun, "target" | "describe">): Promise<void> {
  await writeWorkspaceFile(workspace, "missing.txt", missingText(lock));
  if (run.target === undefined) return;
  await writeWorkspaceFile(workspace, "mapping.txt", mappingText(lock, run.target));
  const { files } = run.describe(lock);
  for (const file of files) await writeWorkspaceFile(workspace, join("dry-run", file.name), file.text);
  await keepOnly(join(workspace.dir, "dry-run"), new Set(files.map((file) => file.name)));
}

/** Keeps the rate of a run that moved enough to tell. */
export async function keepRate(workspace: Workspace, moved: { readonly bytes: number; readonly seconds: number }): Promise<void> {
  if (moved.bytes < 1_000_000 || moved.seconds <= 0) return;
  await writeWorkspaceFile(
    workspace,
    join("journal", "rate.json"),
    `${JSON.stringify({ bytesPerSecond: Math.round(moved.bytes / moved.seconds) })}\n`,
  );
}

async function lockOf(run: PlanRun, previous: ImageSetLock | undefined, context: RunContext): Promise<LockWithCosts> {
  const { source, describe } = run;
  if (source.from === "lock") return { lock: source.lock };
  if (source.from === "locked") return { lock: await checkedLock(source.options, previous, context) };
  const { lock, operators, manifests } = await makePlan(
    { ...source.options, previous, resources: describe, onEvent: run.onEvent },
    context,
  );
  return { lock, costs: { operators, manifests } };
}

/** The workspace's lock, if it is still what the configuration and its catalogs ask for. */
async function checkedLock(options: PlanOptions, previous: ImageSetLock | undefined, context: RunContext): Promise<ImageSetLock> {
  const { config } = options;
  if (previous === undefined) {
    throw new MirrorError({
      code: "LOCK_NOT_FOUND",
      message: `Cannot run locked: ${context.workspace.lockFile} is not there`,
      subject: context.workspace.lockFile,
      hint: "Run 'skerry plan' first.",
    });
  }
  const differences = [...settingDifferences(config, options, previous), ...(await movedCatalogs(config, previous, context))];
  if (differences.length === 0) return previous;
  throw new MirrorError({
    code: "LOCK_DIFFERS",
    message: `Cannot run locked: ${differences[0] ?? ""}`,
    subject: context.workspace.lockFile,
    details: differences,
    hint: "Run 'skerry plan', look at the difference, and run again.",
  });
}

function settingDifferences(config: ImageSetConfig, options: PlanOptions, lock: ImageSetLock): string[] {
  const differences: string[] = [];
  if (lock.imageSet.configDigest !== config.digest) differences.push(`${config.path} is not what the lock was made of`);
  if (lock.imageSet.name !== options.name) differences.push(`the lock is of image set ${lock.imageSet.name}, not ${options.name}`);
  if ([...options.platforms].sort().join() !== lock.platforms.join())
    differences.push(`the lock was made for platforms ${lock.platforms.join(", ") || "all"}`);
  if (options.referrers !== lock.referrers) differences.push(`the lock was made with --referrers ${lock.referrers}`);
  return differences;
}

/** One look at each catalog's tag. */
async function movedCatalogs(config: ImageSetConfig, lock: ImageSetLock, context: RunContext): Promise<string[]> {
  const moved: string[] = [];
  for (const { catalog, source } of config.operators) {
    const locked = lock.catalogs.find((one) => one.catalog === catalog);
    if (source.kind !== "registry" || source.reference.digest !== undefined || locked === undefined) continue;
    const { registry, repository, tag } = source.reference;
    const found = await context.reader(registry).resolve({ repository }, tag ?? "latest", { signal: context.signal });
    if (found?.digest !== locked.digest)
      moved.push(`catalog ${catalog} is ${found?.digest ?? "gone"} now, the lock has ${locked.digest ?? "none"}`);
  }
  return moved;
}

async function stateOf(
  lock: ImageSetLock,
  how: { readonly run: PlanRun; readonly target: MirrorTarget; readonly connected: Connected; readonly context: RunContext },
): Promise<TargetState> {
  const { run, target, connected, context } = how;
  return await lookAtTarget(lock, { ...target, ...connected, recheck: run.recheck, signal: context.signal });
}

async function knownRate(run: PlanRun, workspace: Workspace): Promise<PlanDocumentInput["rate"]> {
  if (run.givenRate !== undefined) return { bytesPerSecond: run.givenRate, basis: "given" };
  const text = await readTextFile(join(workspace.journalDir, "rate.json"));
  try {
    const bytesPerSecond = text === undefined ? undefined : (JSON.parse(text) as { bytesPerSecond?: unknown }).bytesPerSecond;
    return typeof bytesPerSecond === "number" ? { bytesPerSecond, basis: "measured" } : undefined;
  } catch {
    return undefined;
  }
}

function planFiles(workspace: Workspace, run: PlanRun): Record<string, string> {
  const { dir } = workspace;
  return {
    lock: workspace.lockFile,
    missing: join(dir, "missing.txt"),
    plan: join(dir, "plan.json"),
    ...(run.html === true ? { html: join(dir, "plan.html") } : {}),
    ...(run.target === undefined ? {} : { mapping: join(dir, "mapping.txt"), resources: join(dir, "dry-run") }),
  };
}

/** Refuses to go on when the user wants no open row. @throws MirrorError `PROBLEMS_OPEN` */
export function checkStrict(lock: ImageSetLock): void {
  const open = lock.problems.filter((problem) => !problem.waived && (isOpen(problem) || problem.severity === "warning"));
  if (open.length === 0) return;
  throw new MirrorError({
    code: "PROBLEMS_OPEN",
    message: `Cannot go on with --strict: ${open.length} ${open.length === 1 ? "problem is" : "problems are"} not waived`,
    details: open.map((problem) => `${problem.code} ${problem.subject}: ${problem.message}`),
    hint: "Mend them, or accept each with --waive CODE=SUBJECT.",
  });
}
