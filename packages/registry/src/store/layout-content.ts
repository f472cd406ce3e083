import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Descriptor, type Digest, digestAlgorithm, digestHex, isRepository, isTag, parseManifest, ReferrerIndex } from "@skerry/oci";
import { RegistryError } from "../errors.ts";
import type { Content, OpenBlob } from "./content.ts";
import { errorCode, nodeFiles } from "./files.ts";
import { type ImageBytes, ImageContent, type ServedImage } from "./image-content.ts";

/**
 * Serves an OCI image layout as it lies there. An image named `team/app:v1` is in repository `team/app`; one that is named by
 * a tag alone, or not at all, is in `repository`. Blobs stay where they are.
 * @throws RegistryError `ROOT_INVALID` when the folder is no layout
 */
export async function openLayoutContent(folder: string, repository = "layout"): Promise<Content> {
  const listed = await listedIn(folder);
  const images = listed.map(({ digest, mediaType, annotations }) => ({
    digest,
    mediaType,
    ...nameOf(annotations?.["org.opencontainers.image.ref.name"], repository),
  }));
  return new ImageContent(images, new LayoutFolder(folder, listed));
}

async function listedIn(folder: string): Promise<readonly Descriptor[]> {
  try {
    const bytes = await readFile(join(folder, "index.json"));
    const index = parseManifest(bytes, "application/vnd.oci.image.index.v1+json", folder);
    return index.kind === "index" ? index.manifests : [];
  } catch (cause) {
    throw new RegistryError({
      code: "ROOT_INVALID",
      message: `Cannot serve ${folder}: it is no OCI image layout`,
      subject: folder,
      hint: "Name a folder that has index.json and blobs/.",
      cause,
    });
  }
}

function nameOf(name: string | undefined, fallback: string): Pick<ServedImage, "repository" | "tag"> {
  if (name === undefined) return { repository: fallback };
  const colon = name.lastIndexOf(":");
  const [path, tag] = colon > name.lastIndexOf("/") ? [name.slice(0, colon), name.slice(colon + 1)] : [name, undefined];
  if (tag !== undefined && isRepository(path) && isTag(tag)) return { repository: path, tag };
  return isTag(name) ? { repository: fallback, tag: name } : { repository: isRepository(name) ? name : fallback };
}

/** Files of a layout. */
class LayoutFolder implements ImageBytes {
  readonly #folder: string;
  readonly #listed: readonly Descriptor[];
  #referrers: Promise<ReferrerIndex> | undefined;

  constructor(folder: string, listed: readonly Descriptor[]) {
    this.#folder = folder;
    this.#listed = listed;
  }

  manifest(digest: Digest): Promise<Uint8Array | undefined> {
    return nodeFiles.read(this.#path(digest));
  }

  async size(digest: Digest): Promise<number | undefined> {
    return (await nodeFiles.facts(this.#path(digest)))?.size;
  }

  async open(digest: Digest): Promise<OpenBlob | undefined> {
    try {
      const file = await nodeFiles.open(this.#path(digest), "read");
      return { size: await file.size(), read: (into, position) => file.read(into, position), close: () => file.close() };
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async referrers(subject: Digest): Promise<readonly Descriptor[]> {
    this.#referrers ??= this.#readReferrers();
    return (await this.#referrers).of(subject);
  }

  async #readReferrers(): Promise<ReferrerIndex> {
    const referrers = new ReferrerIndex();
    for (const descriptor of this.#listed) {
      const bytes = await this.manifest(descriptor.digest);
      if (bytes === undefined) continue;
      try {
        referrers.add(descriptor, parseManifest(bytes, descriptor.mediaType));
      } catch {
        // A layout may list what is no manifest; it refers to nothing.
      }
    }
    return referrers;
  }

  #path(digest: Digest): string {
    return join(this.#folder, "blobs", digestAlgorithm(digest), digestHex(digest));
  }
}
