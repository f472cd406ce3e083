import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Descriptor,
  type Digest,
  digestAlgorithm,
  digestHex,
  isDigest,
  isRepository,
  isTag,
  type Manifest,
  manifestContents,
  parseManifest,
} from "@skerry/oci";
import { RegistryError } from "../errors.ts";
import type { Content, ManifestFacts, OpenBlob, StoredManifest } from "./content.ts";
import { errorCode, nodeFiles } from "./files.ts";
import { byBytes } from "./tags.ts";

/** What one repository of a layout holds. */
interface LayoutRepository {
  readonly tags: Map<string, Digest>;
  readonly manifests: Map<Digest, ManifestFacts>;
  readonly blobs: Set<Digest>;
  readonly referrers: Map<Digest, Descriptor[]>;
}

/**
 * Serves an OCI image layout as it lies there. An image named `team/app:v1` is in repository `team/app`; one that is named by
 * a tag alone, or not at all, is in `repository`. Only manifests are read; blobs stay where they are.
 * @throws RegistryError `ROOT_INVALID` when the folder is no layout
 */
export async function openLayoutContent(folder: string, repository = "layout"): Promise<Content> {
  const layout = new LayoutFolder(folder);
  const repositories = new Map<string, LayoutRepository>();
  for (const descriptor of await layout.index()) {
    const name = nameOf(descriptor, repository);
    const into = repositories.get(name.repository) ?? { tags: new Map(), manifests: new Map(), blobs: new Set(), referrers: new Map() };
    repositories.set(name.repository, into);
    if (name.tag !== undefined) into.tags.set(name.tag, descriptor.digest);
    await collect(layout, descriptor, into);
  }
  return new LayoutContent(layout, repositories);
}

/** Files of a layout. */
class LayoutFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async index(): Promise<readonly Descriptor[]> {
    try {
      const bytes = await readFile(join(this.#folder, "index.json"));
      const index = parseManifest(bytes, "application/vnd.oci.image.index.v1+json", this.#folder);
      return index.kind === "index" ? index.manifests : [];
    } catch (cause) {
      throw new RegistryError({
        code: "ROOT_INVALID",
        message: `Cannot serve ${this.#folder}: it is no OCI image layout`,
        subject: this.#folder,
        hint: "Name a folder that has index.json and blobs/.",
        cause,
      });
    }
  }

  path(digest: Digest): string {
    return join(this.#folder, "blobs", digestAlgorithm(digest), digestHex(digest));
  }
}

async function collect(layout: LayoutFolder, descriptor: Descriptor, into: LayoutRepository): Promise<void> {
  const { digest, mediaType } = descriptor;
  if (into.manifests.has(digest)) return;
  const bytes = await nodeFiles.read(layout.path(digest));
  if (bytes === undefined) return;
  const manifest = readable(bytes, mediaType);
  if (manifest === undefined) return;
  into.manifests.set(digest, { digest, mediaType, size: bytes.byteLength });
  if (manifest.subject !== undefined) {
    const artifactType = manifest.artifactType ?? (manifest.kind === "image" ? manifest.config?.mediaType : undefined);
    const entry = {
      mediaType,
      digest,
      size: bytes.byteLength,
      ...(artifactType === undefined ? {} : { artifactType }),
      annotations: manifest.annotations,
    };
    into.referrers.set(manifest.subject.digest, [...(into.referrers.get(manifest.subject.digest) ?? []), entry]);
  }
  for (const child of manifestContents(manifest)) {
    if (manifest.kind === "index") await collect(layout, child, into);
    else into.blobs.add(child.digest);
  }
}

function readable(bytes: Uint8Array, mediaType: string): Manifest | undefined {
  try {
    return parseManifest(bytes, mediaType);
  } catch {
    return undefined;
  }
}

function nameOf(descriptor: Descriptor, fallback: string): { repository: string; tag?: string } {
  const name = descriptor.annotations?.["org.opencontainers.image.ref.name"];
  if (name === undefined) return { repository: fallback };
  const colon = name.lastIndexOf(":");
  const [path, tag] = colon > name.lastIndexOf("/") ? [name.slice(0, colon), name.slice(colon + 1)] : [name, undefined];
  if (tag !== undefined && isRepository(path) && isTag(tag)) return { repository: path, tag };
  return isTag(name) ? { repository: fallback, tag: name } : { repository: isRepository(name) ? name : fallback };
}

class LayoutContent implements Content {
  readonly #layout: LayoutFolder;
  readonly #repositories: ReadonlyMap<string, LayoutRepository>;

  constructor(layout: LayoutFolder, repositories: ReadonlyMap<string, LayoutRepository>) {
    this.#layout = layout;
    this.#repositories = repositories;
  }

  async resolve(repository: string, name: string): Promise<ManifestFacts | undefined> {
    const found = this.#repositories.get(repository);
    const digest = isDigest(name) ? name : found?.tags.get(name);
    return digest === undefined ? undefined : found?.manifests.get(digest);
  }

  async manifest(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
    const facts = this.#repositories.get(repository)?.manifests.get(digest);
    const bytes = facts === undefined ? undefined : await nodeFiles.read(this.#layout.path(digest));
    return facts === undefined || bytes === undefined ? undefined : { digest, mediaType: facts.mediaType, bytes };
  }

  async blobSize(repository: string, digest: Digest): Promise<number | undefined> {
    if (this.#repositories.get(repository)?.blobs.has(digest) !== true) return undefined;
    return (await nodeFiles.facts(this.#layout.path(digest)))?.size;
  }

  async openBlob(repository: string, digest: Digest): Promise<OpenBlob | undefined> {
    if (this.#repositories.get(repository)?.blobs.has(digest) !== true) return undefined;
    try {
      const file = await nodeFiles.open(this.#layout.path(digest), "read");
      return { size: await file.size(), read: (into, position) => file.read(into, position), close: () => file.close() };
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async tags(repository: string): Promise<readonly string[] | undefined> {
    const found = this.#repositories.get(repository);
    return found === undefined ? undefined : [...found.tags.keys()].sort(byBytes);
  }

  async repositories(): Promise<readonly string[]> {
    return [...this.#repositories.keys()].sort(byBytes);
  }

  async referrers(repository: string, subject: Digest): Promise<readonly Descriptor[]> {
    return this.#repositories.get(repository)?.referrers.get(subject) ?? [];
  }
}
