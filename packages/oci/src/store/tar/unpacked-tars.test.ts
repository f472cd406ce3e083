import { createReadStream } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { addImage } from "../../testing/images.ts";
import { tempDir } from "../../testing/temp-dir.ts";
import { transfer } from "../../transfer/transfer.ts";
import { MemoryStore } from "../memory/memory-store.ts";
import { openContentPlace } from "../pool/open-place.ts";
import { openReader, openWriter } from "../transports/open.ts";
import { UnpackedTars } from "./unpacked-tars.ts";

const AT = { repository: "org/app" };

/** An OCI archive of one image, `plain.tar`, and what it holds. */
async function archiveIn(dir: string) {
  const source = new MemoryStore();
  const image = await addImage(source, AT, { layers: ["a", "b"] });
  const target = await openWriter(`oci-archive:${join(dir, "plain.tar")}:app`);
  await transfer([{ id: "x", source, from: AT, descriptor: image, to: target.at, tags: target.tags, referrers: "none" }], target.writer);
  await target.finish();
  const plain = await readFile(join(dir, "plain.tar"));
  // Two members, two frames: what is written in parallel consists of many.
  const half = plain.subarray(0, 5000);
  const rest = plain.subarray(5000);
  await writeFile(join(dir, "x.tar.gz"), Buffer.concat([gzipSync(half), gzipSync(rest)]));
  await writeFile(join(dir, "x.tar.zst"), Buffer.concat([zstdCompressSync(half), zstdCompressSync(rest)]));
  return { image, plain };
}

describe("compressed archives", () => {
  test.each(["x.tar.gz", "x.tar.zst"])("%s is read like a plain one, by whoever opens it", async (name) => {
    await using dir = await tempDir();
    const { image } = await archiveIn(dir.path);
    await using opened = await openReader(`oci-archive:${join(dir.path, name)}`);
    expect(opened.descriptor.digest).toBe(image.digest);
    const to = new MemoryStore();
    const root = { id: "x", source: opened.reader, from: opened.at, descriptor: opened.descriptor, to: AT, tags: ["v1"] } as const;
    const report = await transfer([{ ...root, referrers: "all" }], to);
    expect(report.outcomes.map(({ outcome, error }) => [outcome, error?.message])).toEqual([["copied", undefined]]);
    await using tars = new UnpackedTars();
    const place = await openContentPlace(join(dir.path, name), { tars });
    expect(await place.content.size(image.digest)).toBe(image.size);
    expect([...place.names.keys()]).toEqual(["app"]);
  });

  test("one is unpacked once, where nobody else reads, and gone afterwards", async () => {
    await using dir = await tempDir();
    await using scratch = await tempDir();
    const { plain } = await archiveIn(dir.path);
    const tars = new UnpackedTars(scratch.path);
    const all = await Promise.all(["x.tar.gz", "x.tar.zst", "x.tar.gz"].map((name) => tars.plain(join(dir.path, name))));
    expect(new Set(all).size).toBe(2);
    for (const path of all) {
      expect(Buffer.concat(await Array.fromAsync(createReadStream(path))).equals(plain)).toBe(true);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    expect(await tars.plain(join(dir.path, "plain.tar"))).toBe(join(dir.path, "plain.tar"));
    await tars[Symbol.asyncDispose]();
    expect(await readdir(scratch.path)).toEqual([]);
  });

  test("one that is cut off or damaged is refused by its own name and leaves nothing", async () => {
    await using dir = await tempDir();
    await using scratch = await tempDir();
    await archiveIn(dir.path);
    for (const name of ["x.tar.gz", "x.tar.zst"]) {
      const good = await readFile(join(dir.path, name));
      await writeFile(join(dir.path, `cut ${name}`), good.subarray(0, good.length - 20));
      const damaged = Buffer.from(good);
      damaged.fill(0xff, 40, 60);
      await writeFile(join(dir.path, `damaged ${name}`), damaged);
      // A zstd frame need not carry a checksum: what is damaged there, the digests of the content find.
      for (const bad of name.endsWith("zst") ? [`cut ${name}`] : [`cut ${name}`, `damaged ${name}`]) {
        await using tars = new UnpackedTars(scratch.path);
        const path = join(dir.path, bad);
        expect([bad, await tars.plain(path).catch((error: unknown) => error)]).toEqual([
          bad,
          expect.objectContaining({ code: "ARCHIVE_INVALID", subject: path }),
        ]);
      }
    }
    expect(await readdir(scratch.path)).toEqual([]);
  });

  test("inside of an intact stream, faults are told of the file that was named", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "notes.tar.gz");
    await writeFile(path, gzipSync(Buffer.alloc(2000, "no tar at all ")));
    await expect(openReader(`oci-archive:${path}`)).rejects.toMatchObject({ code: "ARCHIVE_INVALID", subject: path });
    await expect(openReader(`docker-archive:${path}`)).rejects.toMatchObject({ code: "ARCHIVE_INVALID", subject: path });
  });

  test("an abort stops the unpacking", async () => {
    await using dir = await tempDir();
    await archiveIn(dir.path);
    await using tars = new UnpackedTars(dir.path);
    await expect(tars.plain(join(dir.path, "x.tar.gz"), AbortSignal.abort())).rejects.toMatchObject({ code: "ABORTED" });
  });
});
