import type { CatalogSelection } from "@skerry/catalog";
import type { Platform, Reference } from "@skerry/oci";
import type { RE2JS } from "re2js";
import type { TreePosition } from "./yaml-tree.ts";

/** Where a catalog or an image comes from. */
export type ConfigSource =
  /** An image in a registry; `reference` has a tag or a digest. */
  | { readonly kind: "registry"; readonly reference: Reference }
  /** An OCI image layout on disk; `name` is a reference name inside it or `@digest`. */
  | { readonly kind: "layout"; readonly path: string; readonly name?: string }
  /** A file-based catalog as a folder or file. An extension: `oc mirror` takes images only. */
  | { readonly kind: "path"; readonly path: string };

/** An entry of `mirror.operators`. */
export interface OperatorsConfig {
  /** The catalog as written. */
  readonly catalog: string;
  readonly source: ConfigSource;
  /** What to keep of it. */
  readonly selection: CatalogSelection;
  /** Repository of the catalog image below the target's prefix, instead of its own path. */
  readonly targetCatalog?: string;
  readonly targetTag?: string;
  /** File with a CatalogSource to start from, as written. */
  readonly targetCatalogSourceTemplate?: string;
  /** True: dependencies of the kept bundles are not looked at. */
  readonly skipDependencies: boolean;
  /** Empty: every platform. */
  readonly platforms: readonly Platform[];
  readonly position: TreePosition;
}

/** An entry of `mirror.additionalImages`. */
export interface AdditionalImageConfig {
  /** As written. */
  readonly name: string;
  readonly source: Exclude<ConfigSource, { readonly kind: "path" }>;
  readonly targetRepo?: string;
  readonly targetTag?: string;
  /** Empty: every platform. */
  readonly platforms: readonly Platform[];
  readonly position: TreePosition;
}

/** An entry of `mirror.blockedImages`: a regular expression in Go's syntax. */
export interface BlockedImageRule {
  /** The expression as written. */
  readonly name: string;
  readonly expression: RE2JS;
  readonly position: TreePosition;
}

/** Resources that can be asked for by name. */
export const RESOURCE_KINDS = ["icsp", "idms", "itms", "catalogsource", "clustercatalog", "registriesconf"] as const;

export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/** The top-level key `skerry` of a configuration: the same words as the flags, which win over it. */
export interface SkerryExtension {
  /** Name of the image set in resources, lock and workspace. */
  readonly name?: string;
  /** `4.16` or `4.16.3`. */
  readonly clusterVersion?: string;
  readonly resources?: "auto" | readonly ResourceKind[];
  /** Files that say which versions are installed, as written. */
  readonly installed: readonly string[];
  /** Catalog as written under `operators` → name of its CatalogSource. */
  readonly catalogSourceNames: ReadonlyMap<string, string>;
  readonly destLayout?: "path" | "flat" | "host";
  /** `CODE` or `CODE=SUBJECT`. */
  readonly waive: readonly string[];
}

/** An image set configuration that has passed every check that needs no network and no other file. */
export interface ImageSetConfig {
  /** File it was read from, for messages. */
  readonly path: string;
  /** Hash of what the file says, whatever its layout, comments and order of keys. */
  readonly digest: string;
  /** Largest size of an archive volume in bytes; absent: the default. Written in GiB (1024³). */
  readonly archiveSizeBytes?: number;
  readonly operators: readonly OperatorsConfig[];
  readonly additionalImages: readonly AdditionalImageConfig[];
  readonly blockedImages: readonly BlockedImageRule[];
  readonly skerry: SkerryExtension;
}
