import type { Digest } from "@skerry/oci";
import type { CatalogServing } from "./serving.ts";

/** A catalog image at the mirror. */
export interface CatalogEntry {
  /** The catalog as written in the configuration: the key of `--catalog-source-name`, and what messages name. */
  readonly catalog: string;
  /** `host[:port]/path` at the mirror. */
  readonly repository: string;
  /** Tag at the mirror. */
  readonly tag: string;
  /** Digest of the image at the mirror. */
  readonly digest: Digest;
  /** Bytes of its documents, for the memory of its pod. */
  readonly bytes: number;
  readonly serving: CatalogServing;
  /** Directory of the documents inside the image; `/configs`. */
  readonly catalogDir?: string;
  /** Directory of opm's prepared cache inside the image, where there is one. */
  readonly cacheDir?: string;
  /** `sqlite`: the image serves a database. */
  readonly format?: "fbc" | "sqlite";
  /** Name given with `--catalog-source-name`. */
  readonly name?: string;
  readonly displayName?: string;
  readonly publisher?: string;
  /** Text of the file of `targetCatalogSourceTemplate`, with its path for messages. */
  readonly template?: { readonly path: string; readonly text: string };
}

/** The reference that a cluster pulls: by digest, so that pods pull only when it changes. */
export function catalogImage(entry: Pick<CatalogEntry, "repository" | "digest">): string {
  return `${entry.repository}@${entry.digest}`;
}
