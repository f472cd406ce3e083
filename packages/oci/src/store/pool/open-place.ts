import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isOciError, OciError } from "../../errors.ts";
import type { Descriptor } from "../../model/descriptor.ts";
import { BlobFolder } from "../disk/blob-folder.ts";
import { diskError, errnoOf } from "../disk/errors.ts";
import { type ArchiveOptions, openArchive } from "../layout/archive-reader.ts";
import { IndexFile } from "../layout/index-file.ts";
import type { ListedImage } from "../layout/layout-reader.ts";
import type { UnpackedTars } from "../tar/unpacked-tars.ts";
import type { ContentPlace } from "./content-place.ts";
import { DISTRIBUTION_ROOT, distributionFolder } from "./distribution-folder.ts";
import { distributionTars } from "./distribution-tars.ts";
import { skopeoSyncFolder } from "./skopeo-sync-folder.ts";

/** Files that `oc mirror --v2` writes. */
const MIRROR_TAR = /^mirror_\d+\.tar$/;

/** Below these, oc-mirror and hauler keep their content. */
const INNER_FOLDERS = [".cache", join(".oc-mirror", ".cache"), "store"] as const;

/** How a place is opened. */
export interface PlaceOptions {
  readonly signal?: AbortSignal | undefined;
  /** Where compressed archives are unpacked; refused when missing. */
  readonly tars?: UnpackedTars | undefined;
}

/**
 * Finds out what other tool's content a path holds: an OCI layout (hauler's store is one), a folder of docker-registry or
 * distribution, oc-mirror v2's cache or `mirror_*.tar`, folders of `skopeo sync`, or a tar of a layout (an OCI archive, what
 * hauler saves).
 * @throws OciError `LAYOUT_INVALID` when it is none of them, naming what was looked for; `NOT_FOUND`, `IO_FAILED`, and for a
 * tar what `indexTar` and `UnpackedTars` throw
 */
export async function openContentPlace(path: string, options: PlaceOptions = {}): Promise<ContentPlace> {
  const found = await recognised(path, options);
  if (found !== undefined) return found;
  throw new OciError({
    code: "LAYOUT_INVALID",
    message: `Cannot use ${path} as a source of content: it is no OCI layout or archive, no registry folder, no archive or cache of oc-mirror and no skopeo folder`,
    subject: path,
  });
}

async function recognised(path: string, { signal, tars: unpacked }: PlaceOptions): Promise<ContentPlace | undefined> {
  if ((await stat(path).catch((error: unknown) => notThere(error, path))).isFile()) {
    return tarPlace((await unpacked?.plain(path, signal)) ?? path, { shown: path, signal });
  }
  const names = await readdir(path).catch((error: unknown) => notThere(error, path));
  const tars = names.filter((name) => MIRROR_TAR.test(name)).sort();
  if (tars.length > 0)
    return distributionTars(
      tars.map((name) => join(path, name)),
      signal,
    );
  for (const folder of [path, ...INNER_FOLDERS.map((inner) => join(path, inner))]) {
    if (await isThere(join(folder, "oci-layout"))) return layoutPlace(folder);
    if (await isThere(join(folder, "index.json"), join(folder, "blobs"))) return layoutPlace(folder);
    if (await isThere(join(folder, DISTRIBUTION_ROOT))) return distributionFolder(folder);
  }
  const place = await skopeoSyncFolder(path);
  return place.names.size > 0 ? place : undefined;
}

/** A layout in a tar, or a piece of a registry folder. */
async function tarPlace(path: string, options: ArchiveOptions): Promise<ContentPlace | undefined> {
  const layout = await openArchive(path, options).catch((error: unknown) => {
    if (isOciError(error) && error.code === "LAYOUT_INVALID") return undefined;
    throw error;
  });
  if (layout === undefined) return distributionTars([path], options.signal);
  return { name: layout.name, content: layout.byDigest, names: namesOf(layout.images()) };
}

function namesOf(images: readonly ListedImage[]): ReadonlyMap<string, Descriptor> {
  return new Map(images.flatMap(({ name, descriptor }) => (name === undefined ? [] : [[name, descriptor] as const])));
}

/** Hauler writes no oci-layout file in some releases, so only index.json and blobs are asked for. */
async function layoutPlace(dir: string): Promise<ContentPlace> {
  const index = await IndexFile.open(join(dir, "index.json"), dir);
  return { name: `OCI layout ${dir}`, content: new BlobFolder(join(dir, "blobs"), dir), names: namesOf(index.list()) };
}

async function isThere(...paths: readonly string[]): Promise<boolean> {
  for (const path of paths) {
    try {
      await stat(path);
    } catch (error) {
      if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return false;
      throw diskError(error, "look at", path);
    }
  }
  return true;
}

function notThere(error: unknown, path: string): never {
  throw diskError(error, "open the source of content", path);
}
