import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ChangeThread } from "./change-thread.ts";

let root = "";
let names = 0;
let thread: ChangeThread;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "skerry-changes-"));
  thread = new ChangeThread(() => {
    names += 1;
    return `${root}/tmp-${names}`;
  });
});

afterEach(async () => {
  await thread.close();
  await rm(root, { recursive: true });
});

const file = (name: string): string => `${root}/a/tags/${name}`;
const put = (name: string, text: string): { path: string; bytes: Uint8Array } => ({ path: file(name), bytes: Buffer.from(text) });

describe("ChangeThread", () => {
  test("makes files with their folders, for their owner alone, replaces and removes them in order", async () => {
    await Promise.all(Array.from({ length: 50 }, (_, index) => thread.make([put(`t${index}`, `${index}`), put("last", `${index}`)])));
    expect(await readFile(file("t7"), "utf8")).toBe("7");
    expect(await readFile(file("last"), "utf8")).toBe("49");
    expect((await stat(file("t7"))).mode & 0o777).toBe(0o600);
    expect((await stat(`${root}/a`)).mode & 0o777).toBe(0o700);
    await thread.make([{ ...put("old", "x"), changedAt: 5_000_000 }]);
    expect((await stat(file("old"))).mtimeMs).toBe(5_000_000);
    await thread.make([{ path: file("t7"), bytes: undefined }, { path: file("never there"), bytes: undefined }, put("empty", "")]);
    expect(await readdir(`${root}/a/tags`)).not.toContain("t7");
    expect(await readFile(file("empty"), "utf8")).toBe("");
    expect(await readdir(root)).toEqual(["a"]);
  });

  test("takes what is shared memory of other things as it is, and hands over nothing else", async () => {
    const shared = Buffer.from("one two three");
    await thread.make([{ path: file("two"), bytes: shared.subarray(4, 7) }]);
    expect(await readFile(file("two"), "utf8")).toBe("two");
    expect(shared.toString()).toBe("one two three");
  });

  test("tells who asked that it failed, leaves no temporary file, and does what others asked for", async () => {
    await writeFile(`${root}/file`, "");
    const [bad, good] = await Promise.allSettled([
      thread.make([put("before", "x"), { path: `${root}/file/below`, bytes: Buffer.from("x") }, put("after", "x")]),
      thread.make([put("good", "x")]),
    ]);
    expect(bad).toMatchObject({ status: "rejected", reason: { code: "ENOTDIR" } });
    expect(good.status).toBe("fulfilled");
    expect((await readdir(`${root}/a/tags`)).sort()).toEqual(["before", "good"]);
    expect((await readdir(root)).sort()).toEqual(["a", "file"]);
  });

  test("is used again after it was closed", async () => {
    await thread.make([put("one", "x")]);
    await thread.close();
    await thread.make([put("two", "x")]);
    expect((await readdir(`${root}/a/tags`)).sort()).toEqual(["one", "two"]);
  });
});
