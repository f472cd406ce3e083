import type { ChangeMaker } from "./apply-changes.ts";
import type { Durable } from "./durable.ts";
import { decodeRecords, type FileChange } from "./journal-records.ts";
import { JournalSegment } from "./journal-segment.ts";

export interface Replayed {
  /** Segments whose changes are made again, and not stable yet: they stay until they are. */
  readonly found: readonly JournalSegment[];
  /** Sequence of the next record. */
  readonly sequence: number;
}

/** Changes that are made at once. */
const AT_ONCE = 128;

/**
 * Makes the changes again that stand in the journal in `folder`, which a process that was killed or lost its power has left.
 * Of several changes of a file only the last counts. A segment with no record in it is removed.
 */
export async function replayJournal(
  { durable, changes }: { durable: Durable; changes: ChangeMaker },
  { root, folder }: { root: string; folder: string },
): Promise<Replayed> {
  const last = new Map<string, FileChange>();
  const found: JournalSegment[] = [];
  let sequence = 1;
  for (const name of [...(await durable.files.list(folder))].sort()) {
    const path = `${folder}/${name}`;
    const segment = JournalSegment.found(path);
    for (const record of decodeRecords(Buffer.from((await durable.files.read(path)) ?? []))) {
      sequence = Math.max(sequence, record.sequence + 1);
      for (const change of record.changes) {
        const absolute = `${root}/${change.path}`;
        segment.changed.add(absolute);
        last.set(absolute, { path: absolute, bytes: change.bytes, changedAt: record.at });
      }
    }
    if (segment.changed.size > 0) found.push(segment);
    else await durable.remove(path);
  }
  const queue = last.values();
  const worker = async (): Promise<void> => {
    for (const change of queue) if (!(await isMade(durable, change))) await changes.make([change]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { found, sequence };
}

/** A file that says so already keeps its time; another gets that of its record. */
async function isMade({ files }: Durable, { path, bytes }: FileChange): Promise<boolean> {
  const there = (await files.isThere(path)) ? await files.read(path) : undefined;
  return bytes === undefined ? there === undefined : there !== undefined && Buffer.from(there).equals(bytes);
}
