import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withoutIgnored } from "./index-ignore.ts";
import { folderFiles, memoryFile } from "./source-files.ts";
import { streamedFile } from "./streamed-file.ts";

describe("folderFiles", () => {
  let base = "";
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), "skerry-files-"));
    await mkdir(join(base, "catalog", ".hidden"), { recursive: true });
    await writeFile(join(base, "outside.yaml"), "schema: x.secret\n");
    await writeFile(join(base, "catalog", "b.yaml"), "schema: x.b\n");
    await writeFile(join(base, "catalog", ".hidden", "a"), "schema: x.a\n");
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  it("lists every regular file, hidden ones and links inside included, sorted", async () => {
    await symlink("b.yaml", join(base, "catalog", "z.yaml"));
    const { files, problems } = await folderFiles(join(base, "catalog"));
    expect(files.map(({ path }) => path)).toEqual([".hidden/a", "b.yaml", "z.yaml"]);
    expect(problems).toEqual([]);
  });

  it("follows no link out of the folder, to a folder or to nothing", async () => {
    await symlink("../outside.yaml", join(base, "catalog", "escape"));
    await symlink(".hidden", join(base, "catalog", "folder"));
    await symlink("gone", join(base, "catalog", "dangling"));
    const { files, problems } = await folderFiles(join(base, "catalog"));
    expect(files.map(({ path }) => path)).toEqual([".hidden/a", "b.yaml"]);
    expect(problems.map(({ subject }) => subject).sort()).toEqual(["dangling", "escape", "folder"]);
  });

  it("refuses a folder that is not there", async () => {
    await expect(folderFiles(join(base, "none"))).rejects.toMatchObject({ code: "CATALOG_UNREADABLE" });
  });
});

describe("withoutIgnored", () => {
  const file = (path: string, text = ""): ReturnType<typeof memoryFile> => memoryFile(path, Buffer.from(text));

  it("lets the last matching line win, deeper files after higher ones, and takes files back below ignored folders", () => {
    const kept = withoutIgnored([
      file(".indexignore", "# comment\r\n\r\n*.md\r\n/docs/\n!keep.md\n"),
      file("README.md"),
      file("keep.md"),
      file("docs/page.yaml"),
      file("a/docs/page.yaml"),
      file("a/.indexignore", "!note.md\n"),
      file("a/note.md"),
      file("b/note.md"),
    ]);
    expect(kept.map(({ path }) => path)).toEqual(["keep.md", "a/docs/page.yaml", "a/note.md"]);
  });
});

describe("streamedFile", () => {
  async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }

  it("keeps a stream readable from any position, small or large", async () => {
    for (const size of [10, 3_000_000]) {
      const bytes = Buffer.alloc(size, "0123456789");
      const source = await streamedFile("-", chunks(bytes, 70_000));
      const { files } = source;
      const handle = files[0]?.open();
      const into = Buffer.alloc(4);
      expect(files[0]?.size).toBe(size);
      expect([handle?.read(into, size - 4), into.toString()]).toEqual([4, "6789"]);
      expect(handle?.read(into, size)).toBe(0);
      await source.close();
    }
  });

  it("ends with the signal", async () => {
    await expect(streamedFile("-", chunks(Buffer.alloc(10), 5), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});
