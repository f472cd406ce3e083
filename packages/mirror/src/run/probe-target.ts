import { isOciError, isProber, type OciError, type PresenceRecord, type Prober, parsePlatform, platformFilter } from "@skerry/oci";
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
 * Tries, before anything moves, whether the target takes what is to come: an upload is opened and cancelled once for each
 * first path component (Harbor's project, Quay's organisation) that has something to receive, and where a platform filter
 * leaves children out, an index without its child is offered. A run that has nothing to bring, as far as the journal knows,
 * asks nothing.
 * @throws MirrorError `PUSH_DENIED` naming every prefix that refuses, `TARGET_UNSAFE` where sparse indexes are refused (docker-registry
 * 2.8, Gitea); OciError when the target cannot be reached at all
 */
export async function probeTarget(lock: ImageSetLock, target: MirrorTarget, options: ProbeOptions): Promise<void> {
  if (!isProber(target.store)) return;
  const repositories = new Map<string, string>();
  let sparse: string | undefined;
  for (const image of lock.images) {
    const repository = targetRepository(target.prefix, image.destination.repository, target.maxNestedPaths);
    if (isCovered(lock, image, { repository, target, options })) continue;
    const first = repository.split("/")[0] ?? repository;
    if (!repositories.has(first)) repositories.set(first, repository);
    if (image.children.some((child) => !child.copied)) sparse ??= repository;
  }
  const refusals = await refusalsOf(target.store, [...repositories.values()], options.signal);
  if (refusals.length > 0) throw denied(target, refusals);
  if (sparse !== undefined && !(await target.store.probeSparse({ repository: sparse }, { signal: options.signal })))
    throw sparseRefused(target);
}

/** The first is asked alone, so that a target that cannot be reached fails once; the others together, for each costs two round trips. */
async function refusalsOf(store: Prober, repositories: readonly string[], signal: AbortSignal | undefined): Promise<OciError[]> {
  const [first, ...others] = repositories;
  if (first === undefined) return [];
  const answers = [await tryPush(store, first, signal)];
  for (const answer of await Promise.allSettled(others.map((repository) => tryPush(store, repository, signal)))) {
    if (answer.status === "rejected") throw answer.reason;
    answers.push(answer.value);
  }
  return answers.filter((answer) => answer !== undefined);
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

async function tryPush(store: Prober, repository: string, signal: AbortSignal | undefined): Promise<OciError | undefined> {
  try {
    await store.probePush({ repository }, { signal });
    return undefined;
  } catch (error) {
    if (isOciError(error) && (REFUSALS.has(error.code) || error.status === 405)) return error;
    if (isOciError(error) && error.code === "NO_SPACE") throw full(error);
    throw error;
  }
}

/** Answers that mean that pushing is not allowed there; anything else is the target's own trouble. */
const REFUSALS: ReadonlySet<string> = new Set(["DENIED", "UNAUTHORIZED", "NOT_FOUND", "UNSUPPORTED"]);

function sparseRefused(target: MirrorTarget): MirrorError {
  return new MirrorError({
    code: "TARGET_UNSAFE",
    message: `Cannot mirror single platforms to ${target.text}: the registry wants every child of an index`,
    subject: target.text,
    hint: "Leave out --platform and the platforms of the configuration, or mirror into a registry that takes sparse indexes, such as the one of 'skerry registry serve'.",
  });
}

function full(cause: OciError): MirrorError {
  const { message, subject, hint } = cause;
  return new MirrorError({
    code: "SPACE_SHORT",
    message,
    ...(subject === undefined ? {} : { subject }),
    ...(hint === undefined ? {} : { hint }),
    cause,
  });
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
