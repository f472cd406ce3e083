import { join } from "node:path";
import {
  type ImageSetConfig,
  type MirrorTarget,
  type OwnedWorkspace,
  openWorkspace,
  type PlanEvent,
  type PlanRun,
  type Problem,
  parseRegistryTarget,
  type RunContext,
} from "@skerry/mirror";
import { openManifestCache, type Registries } from "@skerry/oci";
import { UsageError } from "../../args/errors.ts";
import type { ContentFlags } from "../../command/content-flags.ts";
import type { Job } from "../../command/job.ts";
import type { RegistryFlags } from "../../command/registry-flags.ts";
import { insecureHosts, openRegistries } from "../../registries/open.ts";
import { VERSION } from "../../version.ts";
import type { ArchiveFlags } from "../archive/archive-flags.ts";
import { archiveDir, isArchivePlace } from "../archive/archive-place.ts";
import { volumeBytesOf } from "../archive/volume-size.ts";
import { type ImageSet, readImageSet } from "./image-set.ts";
import { resourceDescriber } from "./resources.ts";
import type { SetFlags } from "./set-flags.ts";
import { workspaceDir } from "./workspace-dir.ts";

export type MirrorFlags = SetFlags & ContentFlags & RegistryFlags;

/** Everything that `plan` and `mirror` share: what to do, where, with which registries. Close it at the end. */
export interface Session extends AsyncDisposable {
  readonly set: ImageSet;
  readonly workspace: OwnedWorkspace;
  readonly registries: Registries;
  readonly context: RunContext;
  readonly target: MirrorTarget | undefined;
  readonly planRun: PlanRun;
  /** Set when the source answers a request: the archive that lacked what it holds. Content is brought, nothing is tagged. */
  readonly forArchive?: string;
}

/** A plan without a target has resources only as far as their names go. */
const NO_TARGET = { host: "mirror.invalid", prefix: "", maxNestedPaths: 0, insecure: false };

/** Checks what the user wrote, then opens the workspace and the registries. */
export async function openSession(job: Job<MirrorFlags>, targetText: string | undefined): Promise<Session> {
  const set = await readImageSet(job);
  const place = targetText === undefined || isArchivePlace(targetText) ? undefined : registryTarget(targetText);
  const parts = new AsyncDisposableStack();
  try {
    const registries = parts.use(await openRegistries(job, { sources: "any", destinations: place === undefined ? [] : [place.host] }));
    const workspace = parts.use(await openWorkspace(workspaceDir(job, set.name)));
    const target = place === undefined ? undefined : mirrorTarget(job, { ...place, text: targetText ?? "" }, registries);
    const context: RunContext = {
      workspace,
      reader: (host) => registries.reader(host),
      manifests: await openManifestCache(join(workspace.cacheDir)),
      baseDir: set.baseDir,
      skerryVersion: VERSION,
      now: () => job.world.now(),
      signal: job.signal,
    };
    return {
      set,
      workspace,
      registries,
      context,
      target,
      planRun: { ...planRun(job, set, target), archive: archiveTarget(job, set, targetText) },
      [Symbol.asyncDispose]: () => parts.disposeAsync(),
    };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

/** What to plan, and how to tell about it. */
export function planRun(job: Job<MirrorFlags>, set: ImageSet, target: MirrorTarget | undefined): PlanRun {
  return {
    source: set.source,
    ...(target === undefined ? {} : { target }),
    describe: resourceDescriber(job, set.config, target === undefined ? NO_TARGET : { ...target, insecure: isInsecure(job, target.host) }),
    recheck: job.flags.recheck,
    look: true,
    html: job.flags.html,
    givenRate: job.flags["limit-rate"],
    onEvent: (event) => tell(job, set.config, event),
  };
}

/** An archive as the target of a plan, with the volumes that it would have. */
function archiveTarget(job: Job<MirrorFlags & Partial<ArchiveFlags>>, set: ImageSet, targetText: string | undefined): PlanRun["archive"] {
  if (!isArchivePlace(targetText)) return undefined;
  return { dir: archiveDir(job, targetText), volumeBytes: volumeBytesOf(job.flags, set.config) };
}

/** Whether a host is reached without verified TLS. */
export function isInsecure(job: Job<RegistryFlags>, host: string): boolean {
  const hosts = insecureHosts(job.flags, { sources: [], destinations: [host] });
  return hosts === "all" || (typeof hosts !== "function" && hosts.includes(host));
}

/** The registry that a command writes to. */
export function mirrorTarget(
  job: Job<MirrorFlags>,
  place: { readonly text: string; readonly host: string; readonly prefix: string },
  registries: Registries,
): MirrorTarget {
  return { ...place, store: registries.writer(place.host), maxNestedPaths: job.flags["max-nested-paths"] };
}

/** A registry TARGET of the contract. */
export function registryTarget(text: string): { readonly host: string; readonly prefix: string } {
  if (text.startsWith("file://")) {
    throw new UsageError(`cannot use ${text}: a registry is needed here`, {
      subject: text,
      hint: "Name it as docker://HOST[:PORT][/PREFIX].",
    });
  }
  if (/^(?:\/|\.{1,2}\/|~)/.test(text)) {
    throw new UsageError(`cannot use ${text}: it is a path and names no registry`, {
      subject: text,
      hint: `Name a registry as docker://HOST[:PORT][/PREFIX]; where an archive is meant, write file://${text}.`,
    });
  }
  return parseRegistryTarget(text);
}

function tell(job: Job<MirrorFlags>, config: ImageSetConfig | undefined, event: PlanEvent): void {
  job.progress.event(event.event === "plan.catalog" ? { ...event, event: "plan.image" } : event);
  if (event.event === "plan.start") {
    job.log.info(`Reading ${event.catalogs} ${event.catalogs === 1 ? "catalog" : "catalogs"} of ${config?.path ?? "the lock"}`);
  } else if (event.event === "plan.catalog") {
    job.log.info(`Read ${event.catalog}: ${event.packages} packages kept`);
  } else if (event.event === "plan.image" && event.done % 250 === 0) {
    job.log.info(`Asked about ${event.done} of ${event.total} images`);
  }
}

/** Tells every problem of a lock as an event. */
export function tellProblems(job: Job<unknown>, problems: readonly Problem[]): void {
  for (const problem of problems) job.progress.event({ event: "problem", ...problem });
}
