import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { syncFileSystem } from "./sync-file-system.ts";

function hasSync(): boolean {
  try {
    return execFileSync("sync", ["--version"], { encoding: "utf8" }).includes("coreutils");
  } catch {
    return false;
  }
}

test.skipIf(!hasSync())("a whole file system is synced, and a folder that is not there is not (needs sync of coreutils)", async () => {
  expect(await syncFileSystem(tmpdir())).toBe(true);
  expect(await syncFileSystem(`${tmpdir()}/not-there-at-all`)).toBe(false);
});
