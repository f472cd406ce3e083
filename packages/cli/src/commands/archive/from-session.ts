import {
  checkImport,
  fetchLock,
  type GapOptions,
  type ImageSetLock,
  type ImportCheck,
  type LockedImage,
  lockRepository,
  mirrorSource,
  type OpenArchive,
  type OwnedWorkspace,
  openArchiveSource,
  openWorkspace,
  parseSubsetRule,
  type RunContext,
  type SourceOf,
  subsetArchive,
} from "@skerry/mirror";
import { type ManifestCache, openManifestCache, type Registries } from "@skerry/oci";
import { UsageError } from "../../args/errors.ts";
import type { Job } from "../../command/job.ts";
import { openRegistries } from "../../registries/open.ts";
import { VERSION } from "../../version.ts";
import { type ImageSet, readConfig, requiredLock, workspaceDir } from "../mirror/image-set.ts";
import { type MirrorFlags, mirrorTarget, planRun, registryTarget, type Session } from "../mirror/session.ts";
import type { ArchiveFlags } from "./archive-flags.ts";
import { archiveDir, isArchivePlace } from "./archive-place.ts";
import { readInput } from "./near-side.ts";

/** What everything of a run comes from. */
interface Origin {
  readonly lock: ImageSetLock;
  readonly source: SourceOf;
  readonly archive?: OpenArchive;
}

/** A session whose only source is an archive or another mirror. */
export interface FromSession extends Session {
  readonly archive: OpenArchive | undefined;
}

/**
 * Opens an archive or another mirror as the source of everything. Its lock is the whole input; the only hosts that can be
 * reached are the target's and, for a mirror, the source's.
 */
export async function openFromSession(
  job: Job<MirrorFlags & ArchiveFlags>,
  from: string,
  targetText: string | undefined,
): Promise<FromSession> {
  const place = registryTarget(targetText ?? "");
  const parts = new AsyncDisposableStack();
  try {
    const mirror = isArchivePlace(from) ? undefined : registryTarget(from);
    const hosts = mirror === undefined ? [] : [mirror.host];
    const registries = parts.use(await openRegistries(job, { sources: hosts, destinations: [place.host] }));
    const origin = mirror === undefined ? await openArchive(job, from) : await fromMirror(job, mirror, registries);
    const name = job.flags.name ?? origin.lock.imageSet.name;
    const workspace = parts.use(await openWorkspace(workspaceDir(job, name)));
    const target = mirrorTarget(job, { ...place, text: targetText ?? "" }, registries);
    const manifests = await openManifestCache(workspace.cacheDir);
    const part = await partOf(job, origin, { workspace, manifests, parts });
    const source =
      origin.archive === undefined
        ? part.source
        : part.over(
            await check(job, from, {
              archive: origin.archive,
              lock: part.lock,
              target,
              workspace,
              isBuilt: (image) => part.isBuilt(image),
            }),
          );
    const set = await imageSetOf(job, part.lock);
    const context: RunContext = {
      workspace,
      source,
      reader: refuseHost,
      manifests,
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
      archive: origin.archive,
      planRun: planRun(job, set, target),
      [Symbol.asyncDispose]: () => parts.disposeAsync(),
    };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

async function openArchive(job: Job<MirrorFlags & ArchiveFlags>, from: string): Promise<Origin> {
  const archive = await openArchiveSource(archiveDir(job, from));
  return { lock: job.flags.lock === undefined ? archive.lock : await requiredLock(job, job.flags.lock), source: archive.source, archive };
}

/** What of an origin is brought. */
interface Part {
  readonly lock: ImageSetLock;
  readonly source: SourceOf;
  over(rest: SourceOf): SourceOf;
  isBuilt(image: LockedImage): boolean;
}

/** The part that `--only` names, or the whole. */
async function partOf(
  job: Job<MirrorFlags & ArchiveFlags>,
  origin: Origin,
  how: { readonly workspace: OwnedWorkspace; readonly manifests: ManifestCache; readonly parts: AsyncDisposableStack },
): Promise<Part> {
  const { lock, source, archive } = origin;
  if (job.flags.only.length === 0) return { lock, source, over: (rest) => rest, isBuilt: () => false };
  if (archive === undefined) {
    throw new UsageError("--only needs an archive", { hint: "From another mirror, give a lock of the part with --lock." });
  }
  const rules = job.flags.only.map(parseSubsetRule);
  const context = { workspace: how.workspace, manifests: how.manifests, skerryVersion: VERSION, signal: job.signal };
  const subset = how.parts.use(await subsetArchive({ ...archive, lock }, rules, context));
  return { lock: subset.lock, source: subset.over(source), over: (rest) => subset.over(rest), isBuilt: (image) => subset.builds(image) };
}

/** Everything that is checked before the first push. */
async function check(
  job: Job<MirrorFlags & ArchiveFlags>,
  text: string,
  what: Pick<ImportCheck, "archive" | "lock" | "target" | "workspace"> & Pick<GapOptions, "isBuilt">,
): Promise<SourceOf> {
  const { flags, signal } = job;
  const trustKeys = await Promise.all(flags["trust-key"].map(async (path) => ({ path, pem: await readInput(job, path) })));
  job.log.info(`Checking ${what.archive.reader.contents.volumes.length} volumes of ${text}`);
  const gap = { externalLayers: flags["external-layers"], isBuilt: what.isBuilt, signal };
  return await checkImport({ ...what, text, trustKeys, allowOlder: flags["allow-older"], gap });
}

async function fromMirror(
  job: Job<MirrorFlags & ArchiveFlags>,
  mirror: { readonly host: string; readonly prefix: string },
  registries: Registries,
): Promise<Origin> {
  const { flags, signal } = job;
  const reader = registries.reader(mirror.host);
  const maxNestedPaths = flags["max-nested-paths"];
  const lock =
    flags.lock === undefined
      ? await fetchLock(reader, { repository: lockRepository(mirror.prefix, maxNestedPaths), name: flags.name, signal })
      : await requiredLock(job, flags.lock);
  return { lock, source: mirrorSource(reader, { prefix: mirror.prefix, maxNestedPaths }) };
}

async function imageSetOf(job: Job<MirrorFlags>, lock: ImageSetLock): Promise<ImageSet> {
  const { config: file, name } = job.flags;
  const config = file === undefined ? undefined : await readConfig(job, file);
  return { name: name ?? lock.imageSet.name, config, source: { from: "lock", lock }, baseDir: job.world.cwd };
}

function refuseHost(host: string): never {
  throw new UsageError(`nothing is read from ${host}: everything comes from --from`, { subject: host });
}
