import { realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type Digest, digestAlgorithm, digestHex, Hasher } from "@skerry/oci";
import { RegistryError } from "../errors.ts";
import { Durable } from "../store/durable.ts";
import { LAYOUT_VERSION, Layout } from "../store/layout.ts";
import { takeRoot } from "../store/owner.ts";
import type { RegistryStore } from "../store/store.ts";
import { writeVersion } from "../store/version.ts";
import { allRepositories } from "./references.ts";
import type { BackupReport } from "./report.ts";

const PIECE_BYTES = 1024 * 1024;

interface Snapshot {
  /** Path below the root and content, of every small file. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly blobs: ReadonlySet<Digest>;
  readonly repositories: number;
}

/**
 * Copies the store into a folder that a registry can serve, while this one serves. What repositories say is read first, then
 * the blobs they name are copied, and at last the small files are written: the copy never names what it lacks. Run again,
 * it copies what is new and removes names that are gone; blobs of the past stay. The caller keeps collections away.
 * @throws RegistryError `IO_FAILED` when a blob is damaged or missing, `ROOT_INVALID` when the folder was served and not closed or
 * lies in the store itself, `ROOT_BUSY` when somebody has it open
 */
export async function backup(store: RegistryStore, to: string, signal?: AbortSignal): Promise<BackupReport> {
  const target = new Layout(to);
  const durable = new Durable(store.durable.files, target.temporary);
  await checkIsElsewhere(store.layout, target);
  await checkNothingWaits(durable, target);
  for (const folder of [to, ...target.folders()]) await durable.makeFolder(folder);
  // Names that are gone are removed: from a registry that is served there they would be those of others.
  await using _owner = await takeRoot(target);
  const snapshot = await readSnapshot(store);
  const report = { to, repositories: snapshot.repositories, copiedBlobs: 0, copiedBytes: 0, presentBlobs: 0 };
  for (const digest of snapshot.blobs) {
    signal?.throwIfAborted();
    if ((await durable.files.facts(target.blob(digest))) !== undefined) report.presentBlobs += 1;
    else {
      report.copiedBytes += await copyBlob(store, digest, { durable, target });
      report.copiedBlobs += 1;
    }
  }
  await writeSmallFiles(store, snapshot, { durable, target });
  await writeVersion(durable, target, LAYOUT_VERSION);
  return report;
}

/** A backup into itself would remove what is pushed meanwhile. */
async function checkIsElsewhere(own: Layout, target: Layout): Promise<void> {
  const [root, to] = [await realFolder(own.root), await realFolder(target.root)];
  if (to !== root && !to.startsWith(`${root}/`)) return;
  throw new RegistryError({
    code: "ROOT_INVALID",
    message: `Cannot back up to ${target.root}: it lies in the registry itself`,
    subject: target.root,
    hint: "Name a folder elsewhere, best on another disk.",
  });
}

/** The path without links, also of a folder that is not there yet. */
async function realFolder(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const above = dirname(resolve(path));
    return above === path ? path : join(await realFolder(above), basename(path));
  }
}

/** A copy that was served and killed has a journal: the next start would make changes again that this backup has overtaken. */
async function checkNothingWaits(durable: Durable, target: Layout): Promise<void> {
  if ((await durable.files.list(target.journal)).length === 0) return;
  throw new RegistryError({
    code: "ROOT_INVALID",
    message: `Cannot back up to ${target.root}: it was served, and the process was killed or still runs`,
    subject: target.root,
    hint: `Stop that process, run 'skerry registry status --root ${target.root}', then back up again.`,
  });
}

async function readSnapshot(store: RegistryStore): Promise<Snapshot> {
  const files = new Map<string, Uint8Array>();
  const blobs = new Set<Digest>();
  const { layout, durable } = store;
  const take = async (path: string): Promise<void> => {
    const bytes = await durable.files.read(path);
    if (bytes !== undefined) files.set(path.slice(layout.root.length + 1), bytes);
  };
  const repositories = await allRepositories(store);
  for (const repository of repositories) {
    // Tags before manifests, manifests before blobs: a push goes the other way, so nothing is named that is not seen.
    const tags = await store.tagFiles.list(repository);
    for (const tag of tags) await take(layout.tag(repository, tag));
    for (const digest of await store.manifests.of(repository)) {
      await take(layout.manifest(repository, digest));
      blobs.add(digest);
    }
    for (const subject of await durable.files.list(layout.allReferrers(repository))) {
      const folder = join(layout.allReferrers(repository), subject);
      for (const name of await durable.files.list(folder)) await take(join(folder, name));
    }
    for (const digest of await store.links.of(repository)) {
      await take(layout.link(repository, digest));
      blobs.add(digest);
    }
  }
  return { files, blobs, repositories: repositories.length };
}

async function copyBlob(store: RegistryStore, digest: Digest, { durable, target }: { durable: Durable; target: Layout }): Promise<number> {
  const blob = await store.blobs.open(digest);
  if (blob === undefined) return 0;
  const temporary = durable.temporaryName();
  const file = await durable.files.open(temporary, "create");
  const hasher = new Hasher(digestAlgorithm(digest));
  const buffer = Buffer.allocUnsafe(PIECE_BYTES);
  try {
    for (let got = await blob.read(buffer, 0); got > 0; got = await blob.read(buffer, hasher.size)) {
      await file.write([buffer.subarray(0, got)], hasher.size);
      hasher.update(buffer.subarray(0, got));
    }
    await file.sync();
  } finally {
    await Promise.all([blob.close(), file.close()]);
  }
  const { size } = hasher;
  if (hasher.digest() !== digest) {
    await durable.files.remove(temporary);
    throw new RegistryError({
      code: "IO_FAILED",
      message: `Cannot back up ${digest}: its bytes are damaged`,
      subject: digest,
      hint: "Run 'skerry registry scrub', push the image again, then back up again.",
    });
  }
  await durable.place(temporary, join(target.blobs(digestAlgorithm(digest)), digestHex(digest)));
  return size;
}

async function writeSmallFiles(
  store: RegistryStore,
  snapshot: Snapshot,
  { durable, target }: { durable: Durable; target: Layout },
): Promise<void> {
  const { files } = store.durable;
  for (const folder of [target.repositories, target.links]) await removeGone(files, folder, { root: target.root, kept: snapshot.files });
  for (const [name, bytes] of snapshot.files) {
    const path = join(target.root, name);
    const there = await files.read(path);
    if (there === undefined || !Buffer.from(there).equals(bytes)) await durable.write(path, bytes);
  }
}

/** Removes every small file below `folder` that the snapshot lacks. */
async function removeGone(
  files: RegistryStore["durable"]["files"],
  folder: string,
  known: { root: string; kept: ReadonlyMap<string, Uint8Array> },
): Promise<void> {
  for (const name of await files.listFolders(folder)) {
    await removeGone(files, join(folder, name), known);
    await files.removeFolder(join(folder, name));
  }
  for (const name of await files.listFiles(folder)) {
    const path = join(folder, name);
    if (!known.kept.has(path.slice(known.root.length + 1))) await files.remove(path);
  }
}
