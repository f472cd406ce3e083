import { readdir, readFile } from "node:fs/promises";
import {
  fetchLock,
  type ImageSetLock,
  isSignedBy,
  lockRepository,
  MirrorError,
  mirrorSource,
  type OpenArchive,
  openArchiveSource,
  type SourceOf,
} from "@skerry/mirror";
import { CONTENTS_FILE, type ContentPlace, isOciError, openContentPlace, type Registries } from "@skerry/oci";
import { UsageError } from "../../args/errors.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { requiredLock } from "../mirror/image-set.ts";
import type { MirrorFlags } from "../mirror/session.ts";
import type { ArchiveFlags } from "./archive-flags.ts";
import { archiveDir } from "./archive-place.ts";
import { readInput } from "./near-side.ts";

/** What `--from` names, with the lock that says what is brought. */
export type Origin =
  | { readonly kind: "archive"; readonly lock: ImageSetLock; readonly archive: OpenArchive }
  /** What another tool left on a disk: content by digest, and no word about what belongs together. */
  | { readonly kind: "places"; readonly lock: ImageSetLock; readonly places: readonly ContentPlace[] }
  | { readonly kind: "mirror"; readonly lock: ImageSetLock; readonly source: SourceOf };

type FromJob = Job<MirrorFlags & ArchiveFlags>;

/** Volumes of our archives end in the first digits of their plan. */
const OWN_VOLUME = /-[0-9a-f]{8}_[0-9]{6}\.tar$/;

/**
 * Opens a folder: an archive of ours, or a folder of `oc mirror` v2, its cache, or another place of content.
 * @throws UsageError without a lock where none is inside; OciError `NOT_FOUND`, `ARCHIVE_INVALID`; MirrorError `LOCK_INVALID`
 */
export async function originOnDisk(job: FromJob, from: string): Promise<Origin> {
  const dir = archiveDir(job, from);
  const names: readonly string[] = await readdir(dir).catch(() => []);
  const isOurs = names.includes(CONTENTS_FILE) || names.some((name) => OWN_VOLUME.test(name));
  const place = isOurs ? undefined : await contentPlace(dir, job.signal);
  if (place !== undefined) return { kind: "places", lock: await lockFor(job, from), places: [place] };
  const archive = await openArchiveSource(dir);
  const { lock } = job.flags;
  return { kind: "archive", lock: lock === undefined ? archive.lock : await requiredLock(job, lock), archive };
}

/** Another mirror, with the lock that lies there or is given. */
export async function originAtMirror(
  job: FromJob,
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
  return { kind: "mirror", lock, source: mirrorSource(reader, { prefix: mirror.prefix, maxNestedPaths }) };
}

/** Public keys of `--trust-key`. */
export async function trustKeys(job: FromJob): Promise<{ readonly pem: string; readonly path: string }[]> {
  return await Promise.all(job.flags["trust-key"].map(async (path) => ({ path, pem: await readInput(job, path) })));
}

/**
 * With `--trust-key`, a lock beside which its signature lies: content is known by the digests that it names.
 * @throws MirrorError `SIGNATURE_INVALID`
 */
export async function checkLockSignature(job: FromJob): Promise<void> {
  const keys = await trustKeys(job);
  if (keys.length === 0) return;
  const file = job.flags.lock ?? "";
  const path = pathOf(job, file);
  const signature = await readFile(`${path}.sig`, "utf8").catch(() => undefined);
  if (signature !== undefined && isSignedBy(await readFile(path), signature, keys)) return;
  throw new MirrorError({
    code: "SIGNATURE_INVALID",
    message: `Cannot trust lock ${file}: ${signature === undefined ? `there is no ${file}.sig` : "another key signed it, or it was changed"}`,
    subject: file,
    hint: "Sign it with 'skerry lock sign' where it was made. Nothing was written to the target.",
  });
}

async function contentPlace(dir: string, signal: AbortSignal): Promise<ContentPlace | undefined> {
  try {
    return await openContentPlace(dir, { signal });
  } catch (error) {
    if (isOciError(error) && (error.code === "LAYOUT_INVALID" || error.code === "NOT_FOUND")) return undefined;
    throw error;
  }
}

async function lockFor(job: FromJob, from: string): Promise<ImageSetLock> {
  const { lock } = job.flags;
  if (lock !== undefined) return await requiredLock(job, lock);
  throw new UsageError(`${from} holds content and no lock: nothing says what to bring`, {
    subject: from,
    hint: "Give the lock with --lock FILE; 'skerry plan -c imageset.yaml' writes it on a connected machine.",
  });
}
