import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempDir } from "../../testing/temp-dir.ts";
import { makeFolder } from "./make-folder.ts";

test("makes what is missing with the mode, and takes what is there", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "a", "b", "c");
  await makeFolder(path, 0o700);
  await makeFolder(path);
  for (const one of [path, join(dir.path, "a")]) expect((await stat(one)).mode & 0o777).toBe(0o700);
});

test("a file in the way, and a file system without room for folders, end it", async () => {
  await using dir = await tempDir();
  await writeFile(join(dir.path, "file"), "");
  await expect(makeFolder(join(dir.path, "file"))).rejects.toThrow(/EEXIST/);
  await expect(makeFolder(join(dir.path, "file", "a"))).rejects.toThrow(/ENOTDIR/);
  // Nothing can be made in /proc: Node's recursive mkdir tries for ever.
  await expect(makeFolder("/proc/skerry/a")).rejects.toThrow(/ENOENT|EACCES|EPERM/);
});
