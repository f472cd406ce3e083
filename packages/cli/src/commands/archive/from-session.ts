import { join } from "node:path";
import {
  fetchLock,
  type ImageSetLock,
  lockRepository,
  mirrorSource,
  openArchiveSource,
  openWorkspace,
  type RunContext,
  type SourceOf,
} from "@skerry/mirror";
import { openManifestCache, type Registries, type VolumeReader } from "@skerry/oci";
import { UsageError } from "../../args/errors.ts";
import type { Job } from "../../command/job.ts";
import { openRegistries } from "../../registries/open.ts";
import { VERSION } from "../../version.ts";
import { type ImageSet, readConfig, requiredLock, workspaceDir } from "../mirror/image-set.ts";
import { type MirrorFlags, mirrorTarget, planRun, registryTarget, type Session } from "../mirror/session.ts";
import type { ArchiveFlags } from "./archive-flags.ts";
import { archiveDir, isArchivePlace } from "./archive-place.ts";

/** What everything of a run comes from. */
interface Origin {
  readonly lock: ImageSetLock;
  readonly source: SourceOf;
  readonly archive?: VolumeReader;
}

/** A session whose only source is an archive or another mirror. */
export interface FromSession extends Session {
  readonly archive: VolumeReader | undefined;
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
    const origin = mirror === undefined ? await fromArchive(job, from) : await fromMirror(job, mirror, registries);
    const set = await imageSetOf(job, origin.lock);
    const workspace = parts.use(await openWorkspace(workspaceDir(job, set.name)));
    const target = mirrorTarget(job, { ...place, text: targetText ?? "" }, registries);
    const context: RunContext = {
      workspace,
      source: origin.source,
      reader: refuseHost,
      manifests: await openManifestCache(workspace.cacheDir),
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

async function fromArchive(job: Job<MirrorFlags & ArchiveFlags>, from: string): Promise<Origin> {
  const { reader, lock, source } = await openArchiveSource(archiveDir(job, from));
  return { lock: job.flags.lock === undefined ? lock : await requiredLock(job, job.flags.lock), source, archive: reader };
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
  const config = file === undefined ? undefined : await readConfig(file, join(job.world.cwd, file));
  return { name: name ?? lock.imageSet.name, config, source: { from: "lock", lock }, baseDir: job.world.cwd };
}

function refuseHost(host: string): never {
  throw new UsageError(`nothing is read from ${host}: everything comes from --from`, { subject: host });
}
