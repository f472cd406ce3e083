import {
  answeredPart,
  archiveHoldings,
  checkArchive,
  checkTarget,
  chooseSubset,
  type Holdings,
  type ImageSetLock,
  type LockedImage,
  type MirrorTarget,
  type OwnedWorkspace,
  openPlacesSource,
  openWorkspace,
  parseSubsetRule,
  type RunContext,
  type SourceOf,
  subsetArchive,
} from "@skerry/mirror";
import { type ManifestCache, openManifestCache } from "@skerry/oci";
import { UsageError } from "../../args/errors.ts";
import type { Job } from "../../command/job.ts";
import { openRegistries } from "../../registries/open.ts";
import { VERSION } from "../../version.ts";
import { type ImageSet, readConfig } from "../mirror/image-set.ts";
import { type MirrorFlags, mirrorTarget, planRun, registryTarget, type Session } from "../mirror/session.ts";
import { workspaceDir } from "../mirror/workspace-dir.ts";
import type { ArchiveFlags } from "./archive-flags.ts";
import { isArchivePlace } from "./archive-place.ts";
import { checkLockSignature, type Origin, originAtMirror, originOnDisk, trustKeys } from "./from-origin.ts";

type FromJob = Job<MirrorFlags & ArchiveFlags>;

/** What a run keeps open until it has ended. */
interface Opened {
  readonly workspace: OwnedWorkspace;
  readonly manifests: ManifestCache;
  readonly parts: AsyncDisposableStack;
}

/**
 * Opens an archive, what another tool left, or another mirror as the source of everything. Its lock is the whole input; the
 * only hosts that can be reached are the target's and, for a mirror, the source's. The target may be an archive again.
 */
export async function openFromSession(job: FromJob, from: string, targetText: string | undefined): Promise<Session> {
  const place = isArchivePlace(targetText) ? undefined : registryTarget(targetText ?? "");
  const parts = new AsyncDisposableStack();
  try {
    const mirror = isArchivePlace(from) ? undefined : registryTarget(from);
    const hosts = mirror === undefined ? [] : [mirror.host];
    const registries = parts.use(await openRegistries(job, { sources: hosts, destinations: place === undefined ? [] : [place.host] }));
    const origin = mirror === undefined ? await originOnDisk(job, from) : await originAtMirror(job, mirror, registries);
    const workspace = parts.use(await openWorkspace(workspaceDir(job, job.flags.name ?? origin.lock.imageSet.name)));
    const opened = { workspace, manifests: await openManifestCache(workspace.cacheDir), parts };
    const target = place === undefined ? undefined : mirrorTarget(job, { ...place, text: targetText ?? "" }, registries);
    // A mistyped name is told before volumes are read for minutes.
    if (job.flags.only.length > 0) chooseSubset(origin.lock, job.flags.only.map(parseSubsetRule));
    await checkOrigin(job, from, { origin, workspace });
    const part = await partOf(job, origin, opened);
    const set = await imageSetOf(job, part.lock);
    const context: RunContext = {
      workspace,
      source: await sourceOf(job, part, { target, workspace }),
      reader: refuseHost,
      manifests: opened.manifests,
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
      ...(part.forArchive === undefined ? {} : { forArchive: part.forArchive }),
      planRun: planRun(job, set, target),
      [Symbol.asyncDispose]: () => parts.disposeAsync(),
    };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

/** What of an origin is brought, and where it is read from. */
interface Part {
  readonly lock: ImageSetLock;
  readonly source: SourceOf;
  /** Missing where nothing but the source is asked: another mirror. */
  readonly holdings?: Holdings;
  /** Images that are made on this side come from here, the rest from `rest`. */
  over(rest: SourceOf): SourceOf;
  isBuilt(image: LockedImage): boolean;
  /** Name of the archive that lacked what this one holds. */
  readonly forArchive?: string;
}

/** The part that `--only` names, what answers a request, or the whole. */
async function partOf(job: FromJob, origin: Origin, opened: Opened): Promise<Part> {
  const { workspace, manifests, parts } = opened;
  const { lock } = origin;
  if (job.flags.only.length > 0 && origin.kind !== "archive") {
    throw new UsageError("--only needs an archive", { hint: "From anything else, give a lock of the part with --lock." });
  }
  if (origin.kind === "mirror") return { lock, source: origin.source, over: (rest) => rest, isBuilt: () => false };
  if (origin.kind === "places") {
    const found = parts.use(await openPlacesSource(lock, origin.places, { workspace, manifests, signal: job.signal }));
    const { holdings } = found;
    return { lock, source: holdings.source, holdings, over: (rest) => rest, isBuilt: (image) => found.builds(image) };
  }
  const { archive } = origin;
  const holdings = archiveHoldings(archive);
  const whole = { source: archive.source, holdings, over: (rest: SourceOf): SourceOf => rest, isBuilt: () => false };
  if (holdings.isAnswer) {
    const { contents } = archive.reader;
    return { ...whole, lock: answeredPart(lock, contents), forArchive: contents.base.forArchive ?? "the archive that lacked it" };
  }
  if (job.flags.only.length === 0) return { ...whole, lock };
  const rules = job.flags.only.map(parseSubsetRule);
  const context = { workspace, manifests, skerryVersion: VERSION, signal: job.signal };
  const subset = parts.use(await subsetArchive({ ...archive, lock }, rules, context));
  return { ...whole, lock: subset.lock, over: (rest) => subset.over(rest), isBuilt: (image) => subset.builds(image) };
}

/** Checks what was carried, before anything of it is used. */
async function checkOrigin(
  job: FromJob,
  text: string,
  how: { readonly origin: Origin; readonly workspace: OwnedWorkspace },
): Promise<void> {
  const { origin, workspace } = how;
  if (origin.kind === "archive") {
    const { archive } = origin;
    const { volumes } = archive.reader.contents;
    job.log.info(`Checking ${volumes.length === 1 ? "the volume" : `${volumes.length} volumes`} of ${text}`);
    await checkArchive({ archive, workspace, text, trustKeys: await trustKeys(job), signal: job.signal });
  } else if (job.flags["trust-key"].length > 0) await checkLockSignature(job);
}

/** Checks what is left to the target, and says where everything comes from. */
async function sourceOf(
  job: FromJob,
  part: Part,
  how: { readonly target: MirrorTarget | undefined; readonly workspace: OwnedWorkspace },
): Promise<SourceOf> {
  const { target, workspace } = how;
  if (target === undefined || part.holdings === undefined) return part.over(part.source);
  const gap = { externalLayers: job.flags["external-layers"], isBuilt: (image: LockedImage) => part.isBuilt(image), signal: job.signal };
  const check = { lock: part.lock, target, workspace, allowOlder: job.flags["allow-older"], gap };
  return part.over(await checkTarget(part.holdings, check));
}

async function imageSetOf(job: Job<MirrorFlags>, lock: ImageSetLock): Promise<ImageSet> {
  const { config: file, name } = job.flags;
  const config = file === undefined ? undefined : await readConfig(job, file);
  return { name: name ?? lock.imageSet.name, config, source: { from: "lock", lock }, baseDir: job.world.cwd };
}

function refuseHost(host: string): never {
  throw new UsageError(`nothing is read from ${host}: everything comes from --from`, { subject: host });
}
