import { existsSync } from "node:fs";
import { type FileHandle, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { appendLines } from "./append-lines.ts";

it.skipIf(!existsSync("/dev/full"))("closes a file that takes no more, and goes on in the next one (needs /dev/full)", async () => {
  const dir = await mkdtemp(join(tmpdir(), "skerry-lines-"));
  const path = join(dir, "audit.jsonl");
  const opened: FileHandle[] = [];
  {
    await using log = await appendLines(async () => {
      const file = await open(opened.length === 0 ? "/dev/full" : path, "a");
      opened.push(file);
      return file;
    });
    log.append({ line: 1 });
    // The line that found the disk full is lost; what follows is not.
    while (opened[0] === undefined || opened[0].fd >= 0) await new Promise(setImmediate);
    log.append({ line: 2 });
  }
  expect(opened.map(({ fd }) => fd)).toEqual([-1, -1]);
  expect(await readFile(path, "utf8")).toBe('{"line":2}\n');
  await rm(dir, { recursive: true });
});
