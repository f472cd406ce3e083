import type { ArchiveContents, Digest, ReliedContent } from "@skerry/oci";
import type { ImageSetLock } from "../lock/types.ts";
import type { SourceOf } from "../run/roots.ts";
import type { OpenArchive } from "./import-source.ts";

/** What an import brings along, as far as a gap is looked for. */
export interface Holdings {
  /** What a request calls it. */
  readonly name: string;
  /** What messages call it. */
  readonly where: string;
  readonly source: SourceOf;
  holds(digest: Digest): boolean | Promise<boolean>;
  /** Source references of images that it says it lacks, and why. */
  readonly lacking: ReadonlyMap<string, string>;
  /** True for an archive that was made for a request: it holds what another one lacked, and is no whole by itself. */
  readonly isAnswer: boolean;
  /** Content that it left out on purpose, and where the far side was said to have it. */
  readonly relies: readonly ReliedContent[];
}

/** Holdings of an archive. */
export function archiveHoldings({ reader, source }: OpenArchive): Holdings {
  const { name, base, missing, relies } = reader.contents;
  return {
    name,
    where: "the archive",
    source,
    holds: (digest) => reader.holds(digest),
    lacking: new Map(missing.map(({ origin, error }) => [origin, error])),
    isAnswer: base.requestDigest !== undefined,
    relies,
  };
}

/** What an archive that answers a request is about: the images that lacked something, and nothing that follows from them. */
export function answeredPart(lock: ImageSetLock, { roots }: Pick<ArchiveContents, "roots">): ImageSetLock {
  const asked = new Set(roots.map(({ digest }) => digest));
  return { ...lock, images: lock.images.filter(({ digest }) => asked.has(digest)), catalogs: [], missing: [], problems: [] };
}
