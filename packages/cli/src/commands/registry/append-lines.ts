import type { FileHandle } from "node:fs/promises";

/** A log of JSON lines: entries are written in order, and are written before it is closed. */
export interface LineLog extends AsyncDisposable {
  append(entry: object): void;
}

/** Opens the file with the first line; without `open` the lines go nowhere. */
export async function appendLines(open: (() => Promise<FileHandle>) | undefined): Promise<LineLog> {
  let file: Promise<FileHandle> | undefined;
  let waiting: string[] = [];
  let writing: Promise<void> | undefined;
  /** Writes what is waiting, and what comes meanwhile with it: under load many lines are one write. */
  const write = async (make: () => Promise<FileHandle>): Promise<void> => {
    while (waiting.length > 0) {
      const text = waiting.join("");
      waiting = [];
      // A log that cannot be written must not stop the registry, nor may its file be left to the garbage collection.
      try {
        file ??= make();
        await (await file).appendFile(text);
      } catch {
        await closed(file);
        file = undefined;
      }
    }
    writing = undefined;
  };
  return {
    append(entry) {
      if (open === undefined) return;
      waiting.push(`${JSON.stringify(entry)}\n`);
      writing ??= write(open);
    },
    async [Symbol.asyncDispose]() {
      await writing;
      await closed(file);
    },
  };
}

async function closed(file: Promise<FileHandle> | undefined): Promise<void> {
  await file?.then((handle) => handle.close()).catch(() => undefined);
}
