import type { FileHandle } from "node:fs/promises";

/** A log of JSON lines: entries are written in order, and are written before it is closed. */
export interface LineLog extends AsyncDisposable {
  append(entry: object): void;
}

/** Opens the file with the first line; without `open` the lines go nowhere. */
export async function appendLines(open: (() => Promise<FileHandle>) | undefined): Promise<LineLog> {
  let file: Promise<FileHandle> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  return {
    append(entry) {
      if (open === undefined) return;
      file ??= open();
      const into = file;
      // A log that cannot be written must not stop the registry.
      last = last.then(async () => (await into).appendFile(`${JSON.stringify(entry)}\n`)).catch(() => undefined);
    },
    async [Symbol.asyncDispose]() {
      await last;
      await file?.then((handle) => handle.close()).catch(() => undefined);
    },
  };
}
