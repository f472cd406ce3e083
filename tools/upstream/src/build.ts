import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Catalog, openFileCatalog } from "@skerry/catalog";
import { type Digest, parseReference, type Writer } from "@skerry/oci";
import { buildBundleImage } from "./bundle-image.ts";
import { buildCatalogImage } from "./catalog-image.ts";
import { replaceDigests } from "./digests.ts";
import type { BuiltImage } from "./image.ts";
import { InventoryBuilder, type Wanted } from "./inventory.ts";
import type { LayerFile } from "./layer.ts";
import { buildOperandImage, type Sizes } from "./operand-image.ts";
import { type Pushed, Pusher } from "./push.ts";
import { upstreamRepository } from "./registries-conf.ts";

/** A catalog that the upstream offers. */
export interface CatalogSource {
  /** Folder of a file-based catalog. */
  readonly dir: string;
  /** Packages whose images are made and whose files are copied; all unless given. */
  readonly packages?: readonly string[];
  /** Name under which the catalog image is offered: `registry.example.com/redhat/catalog:v4.20`. */
  readonly reference: string;
  /** Where the rewritten copy goes. */
  readonly copyTo: string;
}

export interface BuildUpstreamOptions {
  readonly catalogs: readonly CatalogSource[];
  /** Where everything is written; repositories are `<original host>/<repository>`. */
  readonly target: Writer;
  /** Decides about every byte. */
  readonly seed: string;
  /** Weight of all operand images together; small ones of a few KiB unless given. */
  readonly totalBytes?: number;
  /** Further images, by their original reference. */
  readonly images?: readonly string[];
  /** Folder with `<package>/<version>/{manifests,metadata}` of published bundles. */
  readonly bundlesDir?: string;
  /** Original references that are named and not there, for tests of what fails. */
  readonly missing?: readonly string[];
  /** Platforms of the catalog images. */
  readonly catalogArchitectures?: readonly string[];
  /** Told after each image. */
  readonly onImage?: (done: number, total: number) => void;
}

/** One image of the upstream. */
export interface UpstreamImage {
  readonly kind: "bundle" | "operand" | "catalog";
  /** `host/repository`, as the catalog names it. */
  readonly repository: string;
  readonly tags: readonly string[];
  readonly originalDigest?: string;
  readonly digest: Digest;
  readonly mediaType: string;
}

export interface Upstream {
  /** Sorted by repository and digest. */
  readonly images: readonly UpstreamImage[];
  /** New digest for each original one. */
  readonly replacements: ReadonlyMap<string, string>;
  /** Original hosts, sorted. */
  readonly hosts: readonly string[];
  readonly pushed: Pushed;
}

const AT_ONCE = 8;

/**
 * Makes a local upstream: a small deterministic image for each reference of the selected packages, and copies of the
 * catalogs in which the digests are those of the made images. Hosts, repositories, tags and graphs stay as they are.
 * @throws Error for a package that a catalog lacks, and what the target throws
 */
export async function buildUpstream(options: BuildUpstreamOptions): Promise<Upstream> {
  const catalogs: { readonly source: CatalogSource; readonly catalog: Catalog }[] = [];
  try {
    for (const source of options.catalogs) catalogs.push({ source, catalog: await openFileCatalog(source.dir) });
    const inventory = new InventoryBuilder(options.bundlesDir);
    for (const { source, catalog } of catalogs) await inventory.add(catalog, packagesOf(source, catalog));
    for (const text of options.images ?? []) inventory.addImage(parseReference(text));
    const run = new Run(options, inventory.wanted());
    await run.operands();
    for (const { source, catalog } of catalogs) await run.bundles(source, catalog);
    for (const { source, catalog } of catalogs) await run.catalog(source, catalog);
    return run.result();
  } finally {
    for (const { catalog } of catalogs) await catalog.close();
  }
}

function packagesOf(source: CatalogSource, catalog: Catalog): readonly string[] {
  return source.packages ?? catalog.packages.map(({ name }) => name);
}

class Run {
  readonly #options: BuildUpstreamOptions;
  readonly #wanted: readonly Wanted[];
  readonly #pusher: Pusher;
  readonly #sizes: Sizes;
  readonly #missing: ReadonlySet<string>;
  readonly #replacements = new Map<string, string>();
  readonly #images: UpstreamImage[] = [];
  readonly #made = new Set<string>();
  #finished = 0;

  constructor(options: BuildUpstreamOptions, wanted: readonly Wanted[]) {
    this.#options = options;
    this.#wanted = wanted;
    this.#pusher = new Pusher(options.target);
    this.#sizes = sizesFor(options.totalBytes, wanted);
    this.#missing = new Set((options.missing ?? []).map((text) => keyOf(text)));
  }

  async operands(): Promise<void> {
    await each(
      this.#wanted.filter(({ bundle }) => bundle === undefined),
      async (wanted) => {
        const { seed } = this.#options;
        const organisation = organisationOf(wanted);
        await this.#keep(wanted, "operand", await buildOperandImage({ seed, key: wanted.key, organisation, sizes: this.#sizes }));
      },
    );
  }

  /** Bundle images name operands by digest, so they come after them. */
  async bundles(source: CatalogSource, catalog: Catalog): Promise<void> {
    const selected = new Set(packagesOf(source, catalog));
    await each(
      this.#wanted.filter(({ key, bundle }) => bundle !== undefined && selected.has(bundle.package) && !this.#made.has(key)),
      async (wanted) => {
        if (wanted.bundle === undefined) return;
        const found = catalog.package(wanted.bundle.package);
        const info = found?.bundles.get(wanted.bundle.name);
        if (found === undefined || info === undefined) return;
        const image = await buildBundleImage({
          seed: this.#options.seed,
          key: wanted.key,
          bundle: await catalog.bundle(found.name, info.name),
          version: info.version,
          channels: found.channels.filter(({ entries }) => entries.some(({ name }) => name === info.name)).map(({ name }) => name),
          defaultChannel: found.defaultChannel,
          bundlesDir: this.#options.bundlesDir,
          replacements: this.#replacements,
        });
        await this.#keep(wanted, "bundle", image);
      },
    );
  }

  /** The copy on disk, and the image of it. */
  async catalog(source: CatalogSource, catalog: Catalog): Promise<void> {
    const files: LayerFile[] = [];
    for (const path of await filesOf(source, catalog)) {
      const text = replaceDigests((await readFile(join(source.dir, path))).toString("latin1"), this.#replacements);
      const bytes = Buffer.from(text, "latin1");
      await mkdir(dirname(join(source.copyTo, path)), { recursive: true });
      await writeFile(join(source.copyTo, path), bytes);
      files.push({ path, bytes });
    }
    const { seed, catalogArchitectures } = this.#options;
    const architectures = catalogArchitectures ?? ["amd64", "arm64", "ppc64le", "s390x"];
    const image = await buildCatalogImage({ seed, sizes: this.#sizes, files, architectures });
    const reference = parseReference(source.reference);
    const repository = `${reference.registry}/${reference.repository}`;
    const tags = [reference.tag ?? "latest"];
    await this.#pusher.push(image, upstreamRepository(repository), tags);
    this.#images.push({ kind: "catalog", repository, tags, digest: image.root.digest, mediaType: image.root.mediaType });
  }

  result(): Upstream {
    const images = this.#images.sort((a, b) => (`${a.repository}@${a.digest}` < `${b.repository}@${b.digest}` ? -1 : 1));
    const hosts = new Set(images.map(({ repository }) => repository.slice(0, repository.indexOf("/"))));
    return { images, replacements: this.#replacements, hosts: [...hosts].sort(), pushed: this.#pusher.pushed };
  }

  async #keep(wanted: Wanted, kind: "operand" | "bundle", image: BuiltImage): Promise<void> {
    this.#made.add(wanted.key);
    if (wanted.digest !== undefined) this.#replacements.set(wanted.digest, image.root.digest);
    if (!this.#missing.has(wanted.key)) {
      for (const repository of wanted.repositories) {
        const tags = wanted.tags.get(repository) ?? [];
        await this.#pusher.push(image, upstreamRepository(repository), tags);
        const original = wanted.digest === undefined ? {} : { originalDigest: wanted.digest };
        this.#images.push({ kind, repository, tags, ...original, digest: image.root.digest, mediaType: image.root.mediaType });
      }
    }
    this.#finished += 1;
    this.#options.onImage?.(this.#finished, this.#wanted.length);
  }
}

/** Files of the selected packages, or all files, sorted. */
async function filesOf(source: CatalogSource, catalog: Catalog): Promise<string[]> {
  const selected = new Set(packagesOf(source, catalog));
  const files = new Set<string>();
  const none = catalog.documents((document) => {
    if (selected.has(document.schema === "olm.package" ? document.name : document.package)) files.add(document.file);
    return false;
  });
  for await (const { document } of none) files.add(document.file);
  return [...files].sort();
}

function sizesFor(totalBytes: number | undefined, wanted: readonly Wanted[]): Sizes {
  if (totalBytes === undefined) return { imageBytes: 3000, baseBytes: 4000 };
  const organisations = new Set(wanted.map(organisationOf)).size;
  // Images have one to four platforms, most of them the first two: a fifth of all bytes for the bases, the rest for what is their own.
  return {
    imageBytes: Math.ceil((totalBytes * 0.8) / Math.max(1, wanted.length)),
    baseBytes: Math.ceil((totalBytes * 0.2) / Math.max(1, organisations * 3)),
  };
}

function organisationOf({ repositories }: Wanted): string {
  return (repositories[0] ?? "").split("/").slice(0, 2).join("/");
}

function keyOf(text: string): string {
  const reference = parseReference(text);
  return reference.digest ?? `${reference.registry}/${reference.repository}:${reference.tag ?? "latest"}`;
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}
