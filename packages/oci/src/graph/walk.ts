import { isOciError, OciError } from "../errors.ts";
import { type Limiter, limiter } from "../limiter.ts";
import type { Descriptor } from "../model/descriptor.ts";
import type { Digest } from "../model/digest.ts";
import { type Manifest, parseManifest } from "../model/manifest.ts";
import { isForeignLayerType } from "../model/media-types.ts";
import { formatPlatform, isUnknownPlatform } from "../model/platform.ts";
import type { ManifestBytes, Place, Reader } from "../store/types.ts";
import { chooseChildren } from "./children.ts";
import { SignatureTags } from "./signature-tags.ts";
import type { GraphLimits, GraphManifest, GraphProblem, GraphRole, ImageGraph, WalkOptions } from "./types.ts";

const DEFAULT_LIMITS: Required<GraphLimits> = { depth: 8, manifests: 20_000, blobs: 200_000, referrers: 1_000 };

/** Manifests of one image that are fetched at once; the host's gate bounds further. */
const PARALLEL = 8;

/** Tries of a manifest that arrives damaged. */
const DAMAGE_TRIES = 3;

/**
 * Reads an image with everything that belongs to it: children of indexes at any depth, configs, layers, referrers and cosign
 * tags, recursively. Each manifest is fetched exactly once; unwanted platforms and foreign layers are noted and left alone.
 * @throws OciError what the reader throws, `MANIFEST_INVALID` for a graph beyond the limits, `MANIFEST_SCHEMA1`
 */
export async function walkImage(reader: Reader, place: Place, descriptor: Descriptor, options: WalkOptions): Promise<ImageGraph> {
  const walk = new Walk(reader, place, options);
  const root = await walk.visit(descriptor, { role: "root", depth: 0 });
  if (root === undefined) throw new Error("the root of a walk is always visited");
  return walk.graph(root);
}

interface Visit {
  readonly role: GraphRole;
  readonly depth: number;
  readonly parent?: Digest;
  readonly tag?: string;
}

interface Node {
  readonly entry: GraphManifest;
  readonly before: readonly Node[];
}

class Walk {
  readonly #reader: Reader;
  readonly #place: Place;
  readonly #options: WalkOptions;
  readonly #limits: Required<GraphLimits>;
  readonly #limit: Limiter = limiter(PARALLEL);
  readonly #tags: SignatureTags;
  readonly #seen = new Set<Digest>();
  readonly #blobs = new Map<Digest, Descriptor>();
  readonly #external = new Map<Digest, Descriptor>();
  readonly #problems: GraphProblem[] = [];

  constructor(reader: Reader, place: Place, options: WalkOptions) {
    this.#reader = reader;
    this.#place = place;
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#tags = options.signatureTags ?? new SignatureTags();
  }

  /** One manifest and what comes before it; undefined when it was met before. */
  async visit(descriptor: Descriptor, visit: Visit): Promise<Node | undefined> {
    if (this.#seen.has(descriptor.digest)) return undefined;
    this.#seen.add(descriptor.digest);
    if (this.#seen.size > this.#limits.manifests) throw tooLarge(descriptor.digest, `more than ${this.#limits.manifests} manifests`);
    if (visit.depth > this.#limits.depth) throw tooLarge(descriptor.digest, `nested deeper than ${this.#limits.depth} levels`);
    const content = await this.#limit(() => this.#fetch(descriptor));
    const manifest = parseManifest(content.bytes, content.mediaType, descriptor.digest);
    if (visit.role === "referrer" && manifest.subject?.digest !== visit.parent) return undefined;
    const [inside, referring] = await Promise.all([this.#contents(descriptor, manifest, visit), this.#referring(descriptor, visit)]);
    return { entry: copiedEntry({ ...descriptor, ...sized(content) }, visit, { manifest, content }), before: [...inside, ...referring] };
  }

  /** A manifest that arrived damaged is asked for again; what the wire did otherwise, the reader has retried. */
  async #fetch(descriptor: Descriptor): Promise<ManifestBytes> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#reader.manifest(this.#place, descriptor, { signal: this.#options.signal });
      } catch (error) {
        if (!isOciError(error) || error.code !== "DIGEST_MISMATCH" || attempt >= DAMAGE_TRIES) throw error;
      }
    }
  }

  graph(root: Node): ImageGraph {
    const manifests: GraphManifest[] = [];
    place(root, { nodes: indexNodes(root, new Map()), placed: new Set(), into: manifests });
    let totalBytes = 0;
    for (const { copied, descriptor } of manifests) if (copied) totalBytes += descriptor.size;
    for (const { size } of this.#blobs.values()) totalBytes += size;
    return {
      root: root.entry.descriptor,
      manifests,
      blobs: this.#blobs,
      external: this.#external,
      totalBytes,
      problems: this.#problems,
    };
  }

  async #contents(descriptor: Descriptor, manifest: Manifest, visit: Visit): Promise<Node[]> {
    if (manifest.kind === "image") {
      if (manifest.config !== undefined) this.#addBlob(manifest.config);
      for (const layer of manifest.layers) this.#addBlob(layer);
      return [];
    }
    const { wanted, unwanted, blobs } = chooseChildren(
      manifest,
      visit.role === "root" || visit.role === "child" ? this.#options.platforms : undefined,
    );
    for (const blob of blobs) this.#addBlob(blob);
    if (wanted.length === 0 && unwanted.length > 0) this.#noPlatform(descriptor.digest, unwanted);
    const role = visit.role === "root" ? "child" : visit.role;
    const children = await this.#all(wanted, (child) =>
      this.visit(child, {
        role: role === "referrer" || role === "cosign" ? "child" : role,
        depth: visit.depth + 1,
        parent: descriptor.digest,
      }),
    );
    return [...children, ...unwanted.filter((child) => !this.#seen.has(child.digest)).map((child) => leftOut(child, descriptor.digest))];
  }

  async #referring(descriptor: Descriptor, visit: Visit): Promise<Node[]> {
    if (this.#options.referrers === "none" || visit.role === "cosign" || isUnknownPlatform(descriptor.platform)) return [];
    const found: { readonly descriptor: Descriptor; readonly tag?: string }[] = [];
    if (this.#options.known !== undefined) found.push(...this.#options.known.filter(({ subject }) => subject === descriptor.digest));
    else {
      const tags = await this.#limit(() => this.#tags.listed(this.#reader, this.#place, { signal: this.#options.signal }));
      found.push(...(await this.#limit(() => this.#listReferrers(descriptor.digest, tags))));
      if (visit.role !== "referrer") found.push(...(await this.#limit(() => this.#signatures(descriptor.digest))));
    }
    return this.#all(found, (item) => this.#visitReferrer(item, { depth: visit.depth + 1, parent: descriptor.digest }));
  }

  async #visitReferrer(
    item: { readonly descriptor: Descriptor; readonly tag?: string },
    visit: Required<Pick<Visit, "depth" | "parent">>,
  ): Promise<Node | undefined> {
    try {
      return await this.visit(
        item.descriptor,
        item.tag === undefined ? { role: "referrer", ...visit } : { role: "cosign", tag: item.tag, ...visit },
      );
    } catch (error) {
      if (!isOciError(error) || error.code !== "NOT_FOUND") throw error;
      const message = `${this.#place.repository} lists ${item.descriptor.digest} as a referrer of ${visit.parent}, and does not have it`;
      this.#problems.push({ code: "REFERRER_MISSING", subject: item.descriptor.digest, message });
      return undefined;
    }
  }

  async #listReferrers(subject: Digest, tags: ReadonlySet<string> | undefined): Promise<{ readonly descriptor: Descriptor }[]> {
    const found: { readonly descriptor: Descriptor }[] = [];
    for await (const descriptor of this.#reader.referrers(this.#place, subject, { signal: this.#options.signal, tags })) {
      if (found.length >= this.#limits.referrers) throw tooLarge(subject, `more than ${this.#limits.referrers} referrers`);
      found.push({ descriptor });
    }
    return found;
  }

  #signatures(subject: Digest): Promise<{ tag: string; descriptor: Descriptor }[]> {
    return this.#tags.of(this.#reader, this.#place, { subject, signal: this.#options.signal });
  }

  async #all<T>(items: readonly T[], visit: (item: T) => Promise<Node | undefined>): Promise<Node[]> {
    const nodes = await Promise.all(items.map(visit));
    return nodes.filter((node) => node !== undefined);
  }

  #addBlob(descriptor: Descriptor): void {
    const isExternal = isForeignLayerType(descriptor.mediaType) || (descriptor.urls?.length ?? 0) > 0;
    const target = isExternal && this.#options.externalLayers !== "include" ? this.#external : this.#blobs;
    const known = target.get(descriptor.digest);
    if (known !== undefined && known.size !== descriptor.size) {
      throw new OciError({
        code: "MANIFEST_INVALID",
        message: `Cannot copy the image: two manifests give ${descriptor.digest} the sizes ${known.size} and ${descriptor.size}`,
        subject: descriptor.digest,
      });
    }
    target.set(descriptor.digest, known ?? descriptor);
    if (target.size > this.#limits.blobs) throw tooLarge(descriptor.digest, `more than ${this.#limits.blobs} blobs`);
  }

  #noPlatform(subject: Digest, unwanted: readonly Descriptor[]): void {
    const there = unwanted.flatMap(({ platform }) =>
      platform === undefined || isUnknownPlatform(platform) ? [] : [formatPlatform(platform)],
    );
    this.#problems.push({
      code: "PLATFORM_MISSING",
      subject,
      message: `None of the platforms asked for is in ${subject}; it has ${[...new Set(there)].sort().join(", ")}`,
    });
  }
}

function copiedEntry(
  descriptor: Descriptor,
  visit: Visit,
  body: { readonly manifest: Manifest; readonly content: ManifestBytes },
): GraphManifest {
  return {
    descriptor,
    role: visit.role,
    copied: true,
    ...(visit.parent === undefined ? {} : { parent: visit.parent }),
    ...(descriptor.platform === undefined ? {} : { platform: descriptor.platform }),
    ...(visit.tag === undefined ? {} : { tag: visit.tag }),
    ...body,
  };
}

function leftOut(descriptor: Descriptor, parent: Digest): Node {
  const platform = descriptor.platform === undefined ? {} : { platform: descriptor.platform };
  return { entry: { descriptor, role: "child", copied: false, parent, ...platform }, before: [] };
}

/** What the bytes say of themselves counts more than a descriptor that may come from a tag list. */
function sized(content: ManifestBytes): Pick<Descriptor, "mediaType" | "size"> {
  return { mediaType: content.mediaType, size: content.bytes.byteLength };
}

function indexNodes(node: Node, into: Map<Digest, Node>): ReadonlyMap<Digest, Node> {
  const { digest } = node.entry.descriptor;
  if (!into.has(digest) || node.entry.copied) into.set(digest, node);
  for (const before of node.before) indexNodes(before, into);
  return into;
}

interface Placing {
  readonly nodes: ReadonlyMap<Digest, Node>;
  readonly placed: Set<Digest>;
  readonly into: GraphManifest[];
}

/** Appends a manifest after everything it needs: two indexes may share a child that was met under only one of them. */
function place(node: Node, placing: Placing): void {
  const { descriptor, manifest } = node.entry;
  if (placing.placed.has(descriptor.digest)) return;
  placing.placed.add(descriptor.digest);
  if (manifest?.kind === "index") {
    for (const { digest } of manifest.manifests) {
      const child = placing.nodes.get(digest);
      if (child !== undefined) place(child, placing);
    }
  }
  for (const before of node.before) place(placing.nodes.get(before.entry.descriptor.digest) ?? before, placing);
  placing.into.push(node.entry);
}

function tooLarge(subject: Digest, why: string): OciError {
  return new OciError({
    code: "MANIFEST_INVALID",
    message: `Cannot copy the image at ${subject}: it has ${why}`,
    subject,
    hint: "No honest image looks like this. Ask its publisher.",
  });
}
