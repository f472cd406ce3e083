import type { Descriptor, Digest } from "@skerry/oci";

/** A manifest as it is handed out. */
export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** What is known of a manifest without its bytes. */
export type ManifestFacts = Pick<Descriptor, "digest" | "mediaType" | "size">;

/** A blob opened for reading. */
export interface OpenBlob {
  readonly size: number;
  /** Bytes read into `into` from `position` of the blob; 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

/** Where the registry's answers come from: its own store, or something read-only that was not made for it. */
export interface Content {
  /** The manifest behind a tag or digest. */
  resolve(repository: string, name: string): Promise<ManifestFacts | undefined>;
  manifest(repository: string, digest: Digest): Promise<StoredManifest | undefined>;
  /** Size of a blob of this repository, or undefined when it is not in it. */
  blobSize(repository: string, digest: Digest): Promise<number | undefined>;
  openBlob(repository: string, digest: Digest): Promise<OpenBlob | undefined>;
  /** Tags in byte order, or undefined when there is no such repository. */
  tags(repository: string): Promise<readonly string[] | undefined>;
  /** Repositories in byte order. */
  repositories(): Promise<readonly string[]>;
  /** What names `subject` in its subject field, ordered by digest. */
  referrers(repository: string, subject: Digest): Promise<readonly Descriptor[]>;
}
