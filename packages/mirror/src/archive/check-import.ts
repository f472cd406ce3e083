import { join } from "node:path";
import { isOciError, type Lister, type Reader } from "@skerry/oci";
import { MirrorError } from "../errors.ts";
import { fetchLock, lockRepository } from "../lock/at-target.ts";
import type { ImageSetLock } from "../lock/types.ts";
import type { MirrorTarget } from "../run/mirror-lock.ts";
import type { SourceOf } from "../run/roots.ts";
import { type Workspace, writeWorkspaceFile } from "../workspace/workspace.ts";
import { findGap, formatRequest, type GapOptions, refuseGap, requestDocument } from "./gap.ts";
import type { Holdings } from "./holdings.ts";
import type { OpenArchive } from "./import-source.ts";
import { checkRoom, importRoom } from "./room.ts";
import { SeenVolumes } from "./seen-volumes.ts";
import { checkSignature } from "./signature.ts";
import { refuseDamage, verifyArchive } from "./verify-archive.ts";

export interface TargetCheck {
  /** What is to be imported: the archive's lock, or a part of it. */
  readonly lock: ImageSetLock;
  readonly target: MirrorTarget;
  readonly workspace: Workspace;
  readonly allowOlder: boolean;
  readonly gap: GapOptions;
}

export interface ArchiveCheck {
  readonly archive: OpenArchive;
  readonly workspace: Workspace;
  /** As the user wrote it. */
  readonly text: string;
  readonly trustKeys: readonly { readonly pem: string; readonly path: string }[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Checks what is carried before anything of it is used: signature, volumes, headers. A volume that an earlier run of the
 * workspace hashed is not read again.
 * @throws MirrorError `SIGNATURE_INVALID`, `ARCHIVE_INVALID`
 */
export async function checkArchive(check: ArchiveCheck): Promise<void> {
  const { archive, workspace, signal } = check;
  const { reader } = archive;
  await checkSignature(reader.dir, reader.contentsBytes, check.trustKeys);
  const seen = new SeenVolumes(join(workspace.journalDir, "volumes.json"));
  const found = await verifyArchive(archive, check.text, {
    level: "volumes",
    isKnown: (volume, path) => seen.has(volume, path),
    onRight: (volume, path) => seen.add(volume, path),
    signal,
  });
  refuseDamage(found);
}

/**
 * Checks room for the journal, and the target before the first push: its age, and whether it has what the holdings lack. Returns where the content
 * comes from. What answers a request may lack anything: it brings what it was asked for, and tags nothing.
 * @throws MirrorError `SPACE_SHORT`, `TARGET_UNSAFE` for something older than what the target has, `GAP` after writing `request.json` into the
 * workspace
 */
export async function checkTarget(holdings: Holdings, check: TargetCheck): Promise<SourceOf> {
  const { lock, target, workspace } = check;
  await checkRoom(workspace.dir, importRoom(lock), `import with workspace ${workspace.dir}`);
  if (!check.allowOlder) await refuseOlder(lock, target, check.gap.signal);
  const { source, gap } = await findGap(lock, holdings, { target, options: check.gap });
  if (gap.length > 0 && !holdings.isAnswer) {
    const file = await writeWorkspaceFile(workspace, "request.json", formatRequest(requestDocument(holdings.name, gap)));
    refuseGap(gap, { where: holdings.where, file });
  }
  return source;
}

/** An archive made from an older lock than the one that the target accepted last would take catalogs back. */
async function refuseOlder(lock: ImageSetLock, target: MirrorTarget, signal: AbortSignal | undefined): Promise<void> {
  const store: Reader & Partial<Lister> = target.store;
  const repository = lockRepository(target.prefix, target.maxNestedPaths);
  let last: ImageSetLock;
  try {
    last = await fetchLock(store, { repository, name: lock.imageSet.name, signal });
  } catch (error) {
    if ((error instanceof MirrorError && error.code === "LOCK_NOT_FOUND") || (isOciError(error) && error.code === "NOT_FOUND")) return;
    throw error;
  }
  if (Date.parse(lock.createdAt) >= Date.parse(last.createdAt)) return;
  throw new MirrorError({
    code: "TARGET_UNSAFE",
    message: `Cannot import: the archive is of ${lock.createdAt}, and ${target.text} has accepted one of ${last.createdAt}`,
    subject: target.text,
    hint: "Import the newer archive, or go back on purpose with --allow-older.",
  });
}
