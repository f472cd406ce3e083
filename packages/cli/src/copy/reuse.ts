import { DigestPool, openContentPlace, type Reader } from "@skerry/oci";
import type { Job } from "../command/job.ts";
import { pathOf } from "../command/job.ts";
import type { MovingFlags } from "../command/moving-flags.ts";
import type { CopyRow, RowSources } from "./rows.ts";

/**
 * Rows that read by digest from the places that `--reuse` names, in their order, and only what none of them holds (or holds
 * damaged) from where the image was found.
 * @throws OciError `LAYOUT_INVALID` for a place of an unknown kind, and what the place throws
 */
export async function reusing(
  rows: readonly CopyRow[],
  { job, from }: { readonly job: Job<Pick<MovingFlags, "reuse">>; readonly from: RowSources },
): Promise<readonly CopyRow[]> {
  const { reuse } = job.flags;
  if (reuse.length === 0) return rows;
  const options = { signal: job.signal, tars: from.places.tars };
  const places = await Promise.all(reuse.map((path) => openContentPlace(pathOf(job, path), options)));
  const pools = new Map<Reader, Reader>();
  return rows.map((row) => {
    if (row.found === undefined) return row;
    const reader = pools.get(row.found.reader) ?? new DigestPool(places, { fallback: row.found.reader });
    pools.set(row.found.reader, reader);
    return { ...row, found: { ...row.found, reader } };
  });
}
