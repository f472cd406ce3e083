import { digestOf, isOciError, type OciError, type PresenceRecord, parsePlatform, platformFilter } from "@skerry/oci";
import { MirrorError } from "../errors.ts";
import type { ImageSetLock } from "../lock/types.ts";
import { targetRepository } from "../plan/destination.ts";
import type { LockedImage } from "../plan/types.ts";
import type { MirrorTarget } from "./mirror-lock.ts";

export interface ProbeOptions {
  readonly journal: PresenceRecord;
  readonly recheck: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Tries, before anything moves, whether the target lets this user push: an upload is opened and cancelled once for each first
 * path component (Harbor's project, Quay's organisation) that has something to receive. A run that has nothing to bring, as
 * far as the journal knows, asks nothing.
 * @throws MirrorError `PUSH_DENIED` naming every prefix that refuses; OciError when the target cannot be reached at all
 */
export async function probeTarget(lock: ImageSetLock, target: MirrorTarget, options: ProbeOptions): Promise<void> {
  const repositories = new Map<string, string>();
  for (const image of lock.images) {
    const repository = targetRepository(target.prefix, image.destination.repository, target.maxNestedPaths);
    const first = repository.split("/")[0] ?? repository;
    if (!repositories.has(first) && !isCovered(lock, image, { repository, target, options })) repositories.set(first, repository);
  }
  const refusals: OciError[] = [];
  for (const repository of repositories.values()) {
    const refusal = await tryPush(target, repository, options.signal);
    if (refusal !== undefined) refusals.push(refusal);
  }
  if (refusals.length > 0) throw denied(target, refusals);
}

function isCovered(
  lock: ImageSetLock,
  image: LockedImage,
  how: { readonly repository: string; readonly target: MirrorTarget; readonly options: ProbeOptions },
): boolean {
  if (how.options.recheck) return false;
  const platforms = image.platforms.length === 0 ? undefined : platformFilter(image.platforms.map(parsePlatform));
  return how.options.journal.covers(how.target.store.name, how.repository, { digest: image.digest, platforms, referrers: lock.referrers });
}

async function tryPush(target: MirrorTarget, repository: string, signal: AbortSignal | undefined): Promise<OciError | undefined> {
  const nothing = { mediaType: "application/octet-stream", digest: digestOf(new Uint8Array()), size: 0 };
  try {
    const write = await target.store.begin({ repository }, nothing, { signal });
    await write.drop();
    return undefined;
  } catch (error) {
    if (
      isOciError(error) &&
      (error.code === "DENIED" ||
        error.code === "UNAUTHORIZED" ||
        error.code === "NOT_FOUND" ||
        error.code === "UNSUPPORTED" ||
        error.status === 405)
    )
      return error;
    throw error;
  }
}

function denied(target: MirrorTarget, refusals: readonly OciError[]): MirrorError {
  const details = refusals.map(
    (error) =>
      `${error.message}${error.status === undefined ? "" : ` (HTTP ${error.status}${error.registryCode === undefined ? "" : ` ${error.registryCode}`})`}`,
  );
  return new MirrorError({
    code: "PUSH_DENIED",
    message: `Cannot push to ${target.text}: the registry refuses uploads`,
    subject: target.text,
    details,
    hint: `Log in as a user who may push with 'skerry login ${target.host}', pass --dest-authfile, or create the project first where the registry wants that.`,
    cause: refusals[0],
  });
}
