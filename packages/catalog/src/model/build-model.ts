import { layerPath, whiteout } from "../image/layer-path.ts";
import type { DocumentContent, IndexedDocument, IndexSink } from "../scan/document-index.ts";
import type { CatalogProblem, Channel, PackageInfo } from "../types.ts";
import { decodeChannel, ShapeError } from "./decode-channel.ts";
import { DistinctTexts } from "./distinct-texts.ts";

interface PackageParts {
  readonly name: string;
  document: IndexedDocument | undefined;
  readonly channels: Map<string, Channel>;
  /** Bundle documents by name; the first of two equal names counts. They are what a package tells of its bundles, too. */
  readonly bundles: Map<string, IndexedDocument>;
  readonly images: DistinctTexts;
  deprecations: boolean;
}

/** What the documents of a catalog amount to. */
export interface CatalogModel {
  /** Sorted by name. */
  readonly packages: readonly PackageInfo[];
  readonly byName: ReadonlyMap<string, PackageInfo>;
  /** Of each package: its bundle documents by name. */
  readonly bundleDocuments: ReadonlyMap<string, ReadonlyMap<string, IndexedDocument>>;
  /** All documents, in the order in which they were read. */
  readonly documents: readonly IndexedDocument[];
  /** The same with those that were left out. */
  readonly allDocuments: readonly IndexedDocument[];
  readonly problems: readonly CatalogProblem[];
  readonly bytes: number;
}

/** A path that stays where it is put, and that a layer does not take for the mark of something deleted. */
function isFolderName(name: string): boolean {
  return layerPath(name) === name && whiteout(name) === undefined;
}

/**
 * Collects documents into packages. Nothing here refuses a catalog: what does not fit is a row, and the rest stands.
 */
export class ModelBuilder implements IndexSink {
  readonly #documents: IndexedDocument[] = [];
  readonly #leftOut = new Set<IndexedDocument>();
  readonly #problems: CatalogProblem[] = [];
  readonly #packages = new Map<string, PackageParts>();
  #bytes = 0;

  problem(problem: CatalogProblem): void {
    this.#problems.push(problem);
  }

  document(document: IndexedDocument, content: DocumentContent): void {
    this.#bytes += document.length;
    this.#documents.push(document);
    try {
      this.#place(document, content);
    } catch (error) {
      if (!(error instanceof ShapeError) && !(error instanceof SyntaxError)) throw error;
      this.#invalid(document, error.message);
    }
  }

  #place(document: IndexedDocument, content: DocumentContent): void {
    switch (document.schema) {
      case "olm.package":
        this.#addPackage(document);
        return;
      case "olm.channel":
        this.#addChannel(document, content.body);
        return;
      case "olm.bundle":
        this.#addBundle(document, content);
        return;
      case "olm.deprecations":
        this.#parts(document.package).deprecations = true;
    }
  }

  #parts(name: string): PackageParts {
    let parts = this.#packages.get(name);
    if (parts === undefined) {
      parts = { name, document: undefined, channels: new Map(), bundles: new Map(), images: new DistinctTexts(), deprecations: false };
      this.#packages.set(name, parts);
    }
    return parts;
  }

  #addPackage(document: IndexedDocument): undefined {
    if (document.name === "") return this.#invalid(document, "the package has no name");
    // Packages become folders, of a catalog's image too; one such name would stop all the others there.
    if (!isFolderName(document.name)) return this.#invalid(document, "the name of the package cannot be that of a folder");
    const parts = this.#parts(document.name);
    if (parts.document !== undefined) return this.#invalid(document, `the package "${document.name}" is there twice`);
    parts.document = document;
  }

  #addChannel(document: IndexedDocument, body: () => Record<string, unknown>): undefined {
    const parts = this.#parts(document.package);
    if (document.name === "") return this.#invalid(document, "the channel has no name");
    if (parts.channels.has(document.name)) return this.#invalid(document, `the channel "${document.name}" is there twice`);
    parts.channels.set(document.name, decodeChannel(document.name, body()));
  }

  #addBundle(document: IndexedDocument, content: DocumentContent): undefined {
    const parts = this.#parts(document.package);
    if (document.name === "") return this.#invalid(document, "the bundle has no name");
    if (parts.bundles.has(document.name)) return this.#invalid(document, `the bundle "${document.name}" is there twice`);
    parts.bundles.set(document.name, document);
    if (document.image !== "") parts.images.add(document.image);
    for (const image of content.relatedImages()) parts.images.add(image);
  }

  #invalid(document: IndexedDocument, why: string): undefined {
    const owner = document.schema === "olm.package" ? document.name : document.package;
    this.#leftOut.add(document);
    this.#problems.push({
      code: "PACKAGE_INVALID",
      severity: "error",
      subject: `${document.file}:${document.line}`,
      ...(owner === "" ? {} : { package: owner }),
      ...(document.schema === "olm.channel" ? { channel: document.name } : {}),
      ...(document.schema === "olm.bundle" ? { bundle: document.name } : {}),
      action: "dropped",
      message: `Left out ${document.schema} "${document.name}" at ${document.file}:${document.line}: ${why}`,
      hint: "Report it to the publisher of the catalog.",
    });
  }

  /** The model of what was told. Documents of packages that have no `olm.package` are left out with a row. */
  finish(): CatalogModel {
    const byName = new Map<string, PackageInfo>();
    const bundleDocuments = new Map<string, ReadonlyMap<string, IndexedDocument>>();
    const orphans = new Set<string>();
    for (const parts of [...this.#packages.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (parts.document === undefined) {
        orphans.add(parts.name);
        this.#orphan(parts);
        continue;
      }
      const channels = [...parts.channels.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      const { name, bundles, deprecations } = parts;
      const { defaultChannel } = parts.document;
      byName.set(name, { name, defaultChannel, channels, bundles, images: parts.images.count, deprecations });
      bundleDocuments.set(parts.name, parts.bundles);
    }
    const known = new Set(["olm.channel", "olm.bundle", "olm.deprecations"]);
    const isKept = (document: IndexedDocument): boolean =>
      !this.#leftOut.has(document) && !(known.has(document.schema) && orphans.has(document.package));
    return {
      packages: [...byName.values()],
      byName,
      bundleDocuments,
      documents: this.#leftOut.size === 0 && orphans.size === 0 ? this.#documents : this.#documents.filter(isKept),
      allDocuments: this.#documents,
      problems: this.#problems,
      bytes: this.#bytes,
    };
  }

  #orphan(parts: PackageParts): void {
    this.#problems.push({
      code: "PACKAGE_INVALID",
      severity: "error",
      subject: parts.name,
      package: parts.name,
      action: "dropped",
      message: `Left out package "${parts.name}": it has ${parts.channels.size} channels and ${parts.bundles.size} bundles, but no olm.package document`,
      hint: "Report it to the publisher of the catalog.",
    });
  }
}
