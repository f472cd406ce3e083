import type { Digest } from "../model/digest.ts";

/** File beside the volumes that says what lies where. */
export const CONTENTS_FILE = "contents.json";

/** The same as an entry of the archive, without the hash of the volume that holds it. */
export const CONTENTS_ENTRY = "skerry/contents.json";

/** One file of an archive. */
export interface ArchiveVolume {
  readonly name: string;
  /** Missing in the copy inside the archive, for the volume that holds that copy. */
  readonly bytes?: number;
  /** SHA-256 of the file in hex, as `sha256sum` prints it; missing like `bytes`. */
  readonly sha256?: string;
}

/** Where content lies: its first byte is at `offset` of the volume with this number, from 1; it may continue in the next ones. */
export interface ArchiveBlob {
  readonly digest: Digest;
  readonly volume: number;
  readonly offset: number;
  readonly bytes: number;
}

/** A file of the archive that is no content of images: the lock, `index.json`. */
export interface ArchiveFile {
  readonly name: string;
  readonly volume: number;
  readonly offset: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** An image that the archive holds, by its full source reference. */
export interface ArchiveRoot {
  readonly name: string;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: number;
}

/** Content that is not in the archive because the far side has it. */
export interface ReliedContent {
  readonly digest: Digest;
  readonly bytes: number;
  /** Repositories of the far side that hold it. */
  readonly repositories: readonly string[];
}

/** Something that was asked for and is not in the archive. */
export interface LackingImage {
  readonly origin: string;
  readonly error: string;
}

/** A detached signature beside the volumes. */
export interface ArchiveSignature {
  /** Name of the file with the signature. */
  readonly file: string;
  /** SHA-256 of the public key in DER form, hex. */
  readonly keyId: string;
  readonly algorithm: string;
}

/** What an archive builds on. */
export interface ArchiveBase {
  /** A lock or a have-list that the far side gave: what it names is left out. */
  readonly lockDigest?: string;
  readonly haveDigest?: string;
  /** A request of the far side: nothing else is in the archive. */
  readonly requestDigest?: string;
  /** Name of the archive that lacked what was requested. */
  readonly forArchive?: string;
}

/** What lies where in an archive. The document of `contents.json`. */
export interface ArchiveContents {
  readonly apiVersion: "skerry.dev/v1";
  readonly kind: "ArchiveContents";
  readonly version: 1;
  readonly name: string;
  /** RFC 3339; of the lock, so that the same lock makes the same bytes. */
  readonly createdAt: string;
  /** Identity of the plan by which places were given; an interrupted archive continues only by the same one. */
  readonly plan: string;
  readonly base: ArchiveBase;
  readonly volumes: readonly ArchiveVolume[];
  /** Sorted by place. */
  readonly blobs: readonly ArchiveBlob[];
  readonly files: readonly ArchiveFile[];
  /** Sorted by name. */
  readonly roots: readonly ArchiveRoot[];
  readonly relies: readonly ReliedContent[];
  readonly missing: readonly LackingImage[];
  readonly signatures: readonly ArchiveSignature[];
}

/** Keys whose items get a line each, so that a person can read the file and two of them diff well. */
const LINE_PER_ITEM = new Set(["volumes", "blobs", "files", "roots", "relies", "missing", "signatures"]);

/** Contents as text. */
export function formatContents(contents: ArchiveContents): string {
  const parts = Object.entries(contents).map(([key, value]: [string, unknown]) => {
    const text = LINE_PER_ITEM.has(key) && Array.isArray(value) && value.length > 0 ? lines(value) : JSON.stringify(value);
    return `  ${JSON.stringify(key)}: ${text}`;
  });
  return `{\n${parts.join(",\n")}\n}\n`;
}

function lines(items: readonly unknown[]): string {
  return `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(",\n")}\n  ]`;
}
