import {
  cachedReader,
  type Digest,
  digestHex,
  isOciError,
  type ManifestBytes,
  type OciError,
  type PlatformFilter,
  type Reader,
  smallerIndex,
} from "@skerry/oci";
import { RefusedError, UsageError } from "../args/errors.ts";
import type { ContentFlags } from "../command/content-flags.ts";
import { platformsOf } from "./platforms.ts";
import type { CopyProblem } from "./report.ts";
import type { CopyRow } from "./rows.ts";

/**
 * With `--rewrite-index`, gives every row whose index holds more than was asked for a smaller index under a new digest.
 * Nothing is written: the new index lives in the row's reader.
 * @throws UsageError without a platform; RefusedError `INDEX_REWRITTEN` when a destination would name the new image by the old digest
 */
export async function rewriteIndexes(
  rows: readonly CopyRow[],
  asked: { readonly flags: ContentFlags; readonly signal: AbortSignal },
): Promise<readonly CopyRow[]> {
  if (!asked.flags["rewrite-index"]) return rows;
  const platforms = platformsOf(asked.flags);
  if (platforms === undefined) {
    throw new UsageError("--rewrite-index leaves platforms out, and none was named", {
      subject: "--rewrite-index",
      hint: "Name the ones to keep with --platform, or leave --rewrite-index out.",
    });
  }
  const readers = new Map<Reader, MadeManifests>();
  const rewritten: CopyRow[] = [];
  for (const row of rows) rewritten.push(await rewriteRow(row, { platforms, readers, signal: asked.signal }));
  return rewritten;
}

/** A row for each index that became another: whoever holds the old digest has to know. */
export function rewriteProblems(rows: readonly CopyRow[]): readonly CopyProblem[] {
  return rows.flatMap((row): CopyProblem[] =>
    row.rewrittenFrom === undefined || row.found === undefined
      ? []
      : [
          {
            code: "INDEX_REWRITTEN",
            severity: "info",
            subject: row.destination,
            message: `${row.rewrittenFrom} became ${row.found.descriptor.digest}: references by the old digest do not find it, and signatures of the old index are left behind`,
          },
        ],
  );
}

interface MadeManifests {
  readonly reader: Reader;
  readonly made: Map<Digest, ManifestBytes>;
}

interface Rewriting {
  readonly platforms: PlatformFilter;
  readonly readers: Map<Reader, MadeManifests>;
  readonly signal: AbortSignal;
}

async function rewriteRow(row: CopyRow, how: Rewriting): Promise<CopyRow> {
  if (row.found === undefined || row.error !== undefined) return row;
  const { descriptor: old } = row.found;
  const smaller = await smallerIndex(row.found, how).catch((error: unknown) => sourceFault(error));
  if (smaller === undefined) return row;
  if (!("manifests" in smaller)) return { ...row, error: smaller };
  const lie = row.tags.find((tag) => tag.includes(digestHex(old.digest)));
  if (lie !== undefined) throw wouldLie(row, { tag: lie, old: old.digest, made: smaller.descriptor.digest });
  // One reader for all rows of a source, so that what is kept per reader (lists of tags) is asked for once.
  const known = how.readers.get(row.found.reader) ?? withManifests(row.found.reader);
  how.readers.set(row.found.reader, known);
  for (const manifest of smaller.manifests) known.made.set(manifest.digest, manifest);
  return { ...row, found: { ...row.found, reader: known.reader, descriptor: smaller.descriptor }, rewrittenFrom: old.digest };
}

function withManifests(reader: Reader): MadeManifests {
  const made = new Map<Digest, ManifestBytes>();
  return { made, reader: cachedReader(reader, { get: async (digest) => made.get(digest), put: async () => undefined }) };
}

function sourceFault(error: unknown): OciError {
  if (isOciError(error) && error.code !== "ABORTED") return error.with({ side: "source" });
  throw error;
}

function wouldLie(row: CopyRow, about: { readonly tag: string; readonly old: Digest; readonly made: Digest }): RefusedError {
  return new RefusedError(
    `Refused to rewrite ${row.origin}: it would be written as tag ${about.tag}, which names ${about.old}, and be ${about.made}`,
    {
      code: "INDEX_REWRITTEN",
      subject: row.destination,
      hint: "Give the destination a tag of its own, or leave out --rewrite-index: a sparse copy keeps the digest.",
    },
  );
}
