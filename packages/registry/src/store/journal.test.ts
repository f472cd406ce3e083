import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { changesOn } from "./apply-changes.ts";
import { Durable } from "./durable.ts";
import { type FileSystem, nodeFiles } from "./files.ts";
import { Journal } from "./journal.ts";
import { replayJournal } from "./journal-replay.ts";
import type { OpenFile } from "./open-file.ts";

let root = "";
let syncs = 0;
let fail: ((what: string, path: string) => void) | undefined;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "skerry-journal-"));
  await nodeFiles.makeFolder(`${root}/tmp`);
  syncs = 0;
  fail = undefined;
});

afterEach(() => rm(root, { recursive: true }));

/** The machine's files, counting the syncs of the journal, and failing where a test says so. */
const files: FileSystem = {
  ...nodeFiles,
  async open(path, how) {
    const file = await nodeFiles.open(path, how);
    const watched: OpenFile = {
      ...file,
      async write(chunks, position) {
        fail?.("write", path);
        await file.write(chunks, position);
      },
      async sync() {
        if (path.includes("/journal/")) syncs += 1;
        fail?.("sync", path);
        await file.sync();
      },
    };
    return watched;
  },
  async rename(from, to) {
    fail?.("rename", to);
    await nodeFiles.rename(from, to);
  },
};

async function open(): Promise<Journal> {
  const durable = new Durable(files, `${root}/tmp`);
  const changes = changesOn(durable);
  const folder = `${root}/journal`;
  const onUse = async (): Promise<void> => undefined;
  return new Journal({
    ...(await replayJournal({ durable, changes }, { root, folder })),
    root,
    folder,
    durable,
    changes,
    now: () => 5_000_000,
    onUse,
    fullChanges: 100,
  });
}

function tag(name: string): string {
  return `${root}/repositories/a/tags/${name}`;
}

function put(name: string, text: string): { path: string; bytes: Uint8Array } {
  return { path: tag(name), bytes: Buffer.from(text) };
}

const segments = (): Promise<readonly string[]> => nodeFiles.list(`${root}/journal`);

function throwCode(code: string): never {
  throw Object.assign(new Error(code), { code });
}

describe("Journal", () => {
  test("makes what many want stable with few syncs, and empties itself when it is closed", async () => {
    const journal = await open();
    await Promise.all(Array.from({ length: 100 }, (_, index) => journal.commit([put(`t${index}`, `value ${index}`)])));
    expect(syncs).toBeLessThanOrEqual(3);
    expect(await readFile(tag("t99"), "utf8")).toBe("value 99");
    expect(await segments()).toHaveLength(1);
    expect(await journal.close()).toBe(true);
    expect(await segments()).toEqual([]);
    expect(await readdir(`${root}/tmp`)).toEqual([]);
    await expect(journal.commit([put("late", "x")])).rejects.toMatchObject({ code: "ABORTED" });
    expect(await segments()).toEqual([]);
  });

  test("that is never used makes no file", async () => {
    const journal = await open();
    expect(await journal.close()).toBe(false);
    expect(await nodeFiles.list(root)).toEqual(["tmp"]);
  });

  test("left behind is made again: lost files, torn files, and what was removed since", async () => {
    const killed = await open();
    await killed.commit([put("lost", "one"), put("torn", "two"), put("moved", "old"), put("gone", "x")]);
    await killed.commit([put("moved", "new")]);
    await killed.commit([{ path: tag("gone"), bytes: undefined }]);
    await rm(tag("lost"));
    await writeFile(tag("torn"), "t");
    await writeFile(tag("moved"), "old");
    await writeFile(tag("gone"), "x");
    const next = await open();
    expect(await Promise.all(["lost", "torn", "moved"].map((name) => readFile(tag(name), "utf8")))).toEqual(["one", "two", "new"]);
    expect((await stat(tag("lost"))).mtimeMs).toBe(5_000_000);
    expect(await nodeFiles.list(`${root}/repositories/a/tags`)).not.toContain("gone");
    // What was done since does not come back with the start after.
    await next.commit([{ path: tag("lost"), bytes: undefined }]);
    await next.close();
    expect(await segments()).toEqual([]);
    await (await open()).close();
    expect(await nodeFiles.list(`${root}/repositories/a/tags`)).not.toContain("lost");
  });

  test("goes on in new files when one is full, and removes what is stable in its place", async () => {
    const journal = await open();
    const names = Array.from({ length: 900 }, (_, index) => `t${index}`);
    for (let at = 0; at < names.length; at += 50) {
      await Promise.all(names.slice(at, at + 50).map((name) => journal.commit([put(name, name)])));
      expect((await segments()).length).toBeLessThanOrEqual(2);
    }
    await journal.close();
    expect(await nodeFiles.list(`${root}/repositories/a/tags`)).toHaveLength(names.length);
  });

  test("puts no more into one file than a start can read, however large what waits is", async () => {
    const journal = await open();
    const large = Buffer.alloc(9 * 1024 * 1024, "manifest");
    await Promise.all(Array.from({ length: 6 }, (_, index) => journal.commit([{ path: tag(`t${index}`), bytes: large }])));
    for (const name of await segments()) expect((await stat(`${root}/journal/${name}`)).size).toBeLessThan(40 * 1024 * 1024);
    await journal.close();
    expect(await nodeFiles.list(`${root}/repositories/a/tags`)).toHaveLength(6);
  });

  test("a change that was refused is not made by the next start", async () => {
    const journal = await open();
    fail = (what, path) => {
      if (what === "rename" && path.endsWith("refused")) throwCode("ENOSPC");
    };
    await expect(journal.commit([put("refused", "x")])).rejects.toMatchObject({ code: "ENOSPC" });
    await journal.commit([put("taken", "y")]);
    fail = undefined;
    await (await open()).close();
    expect(await nodeFiles.list(`${root}/repositories/a/tags`)).toEqual(["taken"]);
    await journal.close();
  });

  test("removes files on a disk that has no room for a record", async () => {
    const journal = await open();
    await journal.commit([put("v1", "x"), put("v2", "x")]);
    fail = (what, path) => {
      if (what === "write" && path.includes("/journal/")) throwCode("ENOSPC");
    };
    await expect(journal.commit([put("v3", "x")])).rejects.toMatchObject({ code: "ENOSPC" });
    await journal.commit([{ path: tag("v1"), bytes: undefined }]);
    expect(await nodeFiles.list(`${root}/repositories/a/tags`)).toEqual(["v2"]);
    fail = undefined;
    await journal.commit([put("v3", "x")]);
    await journal.close();
  });

  test("takes nothing more after a file could not be synced, and keeps what a start needs", async () => {
    const journal = await open();
    await journal.commit([put("v1", "x")]);
    fail = (what, path) => {
      if (what === "sync" && path === tag("v1")) throwCode("EIO");
    };
    await expect(journal.settleNow()).rejects.toMatchObject({ code: "EIO" });
    fail = undefined;
    await expect(journal.commit([put("v2", "x")])).rejects.toMatchObject({ code: "EIO" });
    expect(await segments()).toHaveLength(1);
    await rm(tag("v1"));
    await (await open()).close();
    expect(await readFile(tag("v1"), "utf8")).toBe("x");
  });
});
