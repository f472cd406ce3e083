import { dirname } from "node:path";
import type { Durable } from "./durable.ts";
import { errorCode } from "./files.ts";
import type { FileChange } from "./journal-records.ts";

/** Simultaneous syncs: enough that the disk joins them, and threads are left for who waits. */
const SYNCS_AT_ONCE = 4;

/** From so many files on one sync of the whole file system costs less than one each. */
const MANY_FILES = 200;

/** Makes changes of small files. */
export interface ChangeMaker {
  /** Makes changes in their order, none of them stable; a file is never seen half written. When it fails, some may be made. */
  make(changes: readonly FileChange[]): Promise<void>;
  /** Called when nobody asks for changes any more. */
  close(): Promise<void>;
}

/** A maker that takes one small operation at a time, on any file system. */
export function changesOn(durable: Durable): ChangeMaker {
  return { make: (changes) => applyChanges(durable, changes), close: async () => undefined };
}

/**
 * Makes changes in their order, none of them stable. A file is never seen half written. On other threads: while the disk is busy
 * with what others have synced, the kernel lets nobody make a file, for a tenth of a second at times.
 */
export async function applyChanges(durable: Durable, changes: readonly FileChange[]): Promise<void> {
  const staged = await Promise.allSettled(changes.map(({ bytes }) => (bytes === undefined ? undefined : stage(durable, bytes))));
  const temporaries = staged.map((result) => (result.status === "fulfilled" ? result.value : undefined));
  let made = 0;
  try {
    for (const result of staged) if (result.status === "rejected") throw result.reason;
    for (const { path, changedAt } of changes) {
      const temporary = temporaries[made];
      if (temporary === undefined) await durable.files.remove(path);
      else await place(durable, temporary, path);
      if (changedAt !== undefined) await durable.files.touch(path, changedAt);
      made += 1;
    }
  } catch (error) {
    for (const temporary of temporaries.slice(made)) if (temporary !== undefined) await durable.files.remove(temporary);
    throw error;
  }
}

async function stage(durable: Durable, bytes: Uint8Array): Promise<string> {
  const temporary = durable.temporaryName();
  const file = await durable.files.open(temporary, "create");
  try {
    await file.write([bytes], 0);
  } catch (error) {
    await durable.files.remove(temporary);
    throw error;
  } finally {
    await file.close();
  }
  return temporary;
}

function place(durable: Durable, temporary: string, path: string): Promise<void> {
  const { files } = durable;
  const make = async (folder: string): Promise<void> => {
    try {
      await files.makeFolder(folder);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
      await make(dirname(folder));
      await files.makeFolder(folder);
    }
  };
  return durable.inFolder(dirname(path), () => files.rename(temporary, path), make);
}

/** Makes what {@link applyChanges} did to these paths below `root` stable. Who changes one of them again meanwhile does so himself. */
export async function makeStable(durable: Durable, root: string, paths: ReadonlySet<string>): Promise<void> {
  if (paths.size >= MANY_FILES && (await durable.files.syncAll?.(root)) === true) return;
  await each(paths, (path) => syncFile(durable, path));
  const folders = new Set<string>();
  for (const path of paths) {
    for (let folder = dirname(path); folder.length > root.length && !folders.has(folder); folder = dirname(folder)) folders.add(folder);
  }
  await each(folders, (folder) => unlessGone(durable.syncFolder(folder)));
}

async function syncFile({ files }: Durable, path: string): Promise<void> {
  await unlessGone(
    files.open(path, "read").then(async (file) => {
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    }),
  );
}

/** What is not there any more has been removed since. */
async function unlessGone(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}

/** Runs `work` for all items, some at once; all have ended when it returns or throws. */
async function each<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) await work(next.value);
  };
  const ended = await Promise.allSettled(Array.from({ length: SYNCS_AT_ONCE }, worker));
  for (const end of ended) if (end.status === "rejected") throw end.reason;
}
