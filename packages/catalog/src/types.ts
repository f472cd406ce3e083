import type { Reference } from "@skerry/oci";

/** Where one document of a catalog lies, so that bodies are parsed only when looked at. */
export interface CatalogDocument {
  readonly schema: string;
  /** `package` of the document; empty for `olm.package` and for documents of the whole catalog. */
  readonly package: string;
  readonly name: string;
  /** Path inside the catalog's root, `/`-separated. */
  readonly file: string;
  /** First line of the document in that file, from 1. */
  readonly line: number;
  /** Size of the document as it is stored, in bytes; missing where a format does not tell. */
  readonly length?: number;
}

/** One upgrade edge set of a bundle in a channel. */
export interface ChannelEntry {
  readonly name: string;
  readonly replaces?: string;
  readonly skips?: readonly string[];
  readonly skipRange?: string;
}

export interface Channel {
  readonly name: string;
  readonly entries: readonly ChannelEntry[];
}

/** What is kept in memory of every bundle; the rest is read on demand by {@link Catalog.bundle}. */
export interface BundleInfo {
  readonly name: string;
  /** Bundle image as written; may be empty when the manifests are inline. */
  readonly image: string;
  /** Version of the `olm.package` property; empty when missing. */
  readonly version: string;
}

export interface PackageInfo {
  readonly name: string;
  readonly defaultChannel: string;
  readonly channels: readonly Channel[];
  readonly bundles: ReadonlyMap<string, BundleInfo>;
  /** Distinct images that its bundles name as their own or as related, counted by what is written. */
  readonly images: number;
  /** True when the package carries an `olm.deprecations` document. */
  readonly deprecations: boolean;
}

export interface Property {
  readonly type: string;
  readonly value: unknown;
}

export interface RelatedImageEntry {
  readonly name: string;
  /** As written; may be empty or unparsable. */
  readonly image: string;
  /** Text under a key that should have been `image` (`value`), where a reader could still see it. */
  readonly value?: string;
}

/** A whole bundle. */
export interface Bundle {
  readonly name: string;
  readonly package: string;
  readonly image: string;
  readonly properties: readonly Property[];
  readonly relatedImages: readonly RelatedImageEntry[];
}

/** An operator catalog of any format. Memory does not grow with the size of its documents. */
export interface Catalog {
  /** As the user wrote it, for messages. */
  readonly name: string;
  /** Sorted by name. */
  readonly packages: readonly PackageInfo[];
  package(name: string): PackageInfo | undefined;
  bundle(packageName: string, bundleName: string): Promise<Bundle>;
  /**
   * Every document that `wanted` accepts, in catalog order unless `order` says another, with its parsed body. With
   * `leftOut` also those that were left out of the packages because they break a rule, as far as they can be read.
   */
  documents(
    wanted: (document: CatalogDocument) => boolean,
    options?: { readonly leftOut?: boolean; readonly order?: (a: CatalogDocument, b: CatalogDocument) => number },
  ): AsyncIterable<{ readonly document: CatalogDocument; readonly body: Record<string, unknown> }>;
  /** Documents that could not be read or break a rule, and were left out. */
  readonly problems: readonly CatalogProblem[];
  /** True for a single bundle that was opened as a catalog of one version: its package and channels are made up. */
  readonly bundleOnly?: boolean;
  /** Bytes of the catalog's documents, for the memory target of its pod. */
  readonly bytes: number;
  close(): Promise<void>;
}

/** Something that others published and that is wrong. Codes are the closed list of the command line's contract. */
export interface CatalogProblem {
  readonly code: string;
  readonly severity: "error" | "warning" | "info";
  readonly subject: string;
  readonly package?: string;
  readonly channel?: string;
  readonly bundle?: string;
  /** Path of the field inside the bundle: `relatedImages[2].image`. */
  readonly field?: string;
  readonly original?: string;
  readonly action: "repaired" | "dropped" | "kept" | "refused";
  /** What it was repaired to. */
  readonly result?: string;
  readonly message: string;
  readonly hint?: string;
  /** Name of the rule that found it, where there is one: `channel-heads`. */
  readonly rule?: string;
  /** Path inside the catalog's root, and first line of the document there. */
  readonly file?: string;
  readonly line?: number;
}

/** Which versions of a channel to keep. Nothing: its head. */
export interface VersionWish {
  /** Ends of a window on the chain, both included. */
  readonly minVersion?: string;
  readonly maxVersion?: string;
  /** A range in blang's language; excludes the other fields. */
  readonly range?: string;
  /** Exactly these versions, and what lies between them on the chain. */
  readonly versions?: readonly string[];
}

/** What to keep of one package; the fields of an image set configuration. */
export interface PackageSelection extends VersionWish {
  readonly name: string;
  readonly defaultChannel?: string;
  /** When the default channel is not kept and no other was named: take the first kept one instead of refusing. */
  readonly anyDefault?: boolean;
  readonly channels?: readonly (VersionWish & { readonly name: string })[];
}

/** A version that runs on some cluster. */
export interface InstalledVersion {
  readonly package: string;
  readonly version: string;
  /** Name of the installed bundle (its CSV), where it is known. */
  readonly bundle?: string;
}

/** What to keep of a catalog. No packages: every package. */
export interface CatalogSelection {
  readonly full?: boolean;
  readonly packages?: readonly PackageSelection[];
  /** Versions from which the kept heads must stay reachable. */
  readonly installed?: readonly InstalledVersion[];
}

export interface SelectedChannel {
  readonly name: string;
  /** Entries as they will be written. */
  readonly entries: readonly ChannelEntry[];
  /** Name of the entry that nothing replaces or skips. */
  readonly head: string;
}

export interface SelectedPackage {
  readonly name: string;
  readonly defaultChannel: string;
  readonly channels: readonly SelectedChannel[];
  /** Names of the kept bundles, sorted. */
  readonly bundles: readonly string[];
}

export interface Selected {
  /** Sorted by name. */
  readonly packages: readonly SelectedPackage[];
  readonly problems: readonly CatalogProblem[];
  /** True when everything is kept and the source image can be copied as it is. */
  readonly unchanged: boolean;
}

/** One image that a bundle needs, with the reasons. */
export interface BundleImage {
  readonly reference: Reference;
  readonly kind: "bundle" | "related";
  /** Fields it was found in: `image`, `relatedImages[3].image`, `csv.spec.install.spec.deployments[0]…image`. */
  readonly fields: readonly string[];
}

/** An entry of a bundle that names no image, after its own text and a CSV at hand were tried. */
export interface BrokenEntry {
  /** Path inside the bundle: `relatedImages[2].image`. */
  readonly field: string;
  /** `name` of the entry; often the only thing that tells which image was meant. */
  readonly name: string;
  readonly original: string;
  /** Position in `relatedImages`; missing for other fields. */
  readonly index?: number;
  /** The row to report when nothing else finds the image. */
  readonly problem: CatalogProblem;
}

/** What `bundleImages` found. Rows of what stays broken are in `broken`, all others in `problems`. */
export interface BundleImages {
  readonly images: readonly BundleImage[];
  readonly problems: readonly CatalogProblem[];
  readonly broken: readonly BrokenEntry[];
}

/** A file to be written into a catalog. */
export interface CatalogFile {
  /** Path inside the catalog's root, `/`-separated: `amber/catalog.json`. */
  readonly path: string;
  /** To be read once. */
  readonly content: AsyncIterable<Uint8Array>;
}
