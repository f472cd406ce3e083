import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { seededBytes } from "../../testing/images.ts";
import { run } from "../../testing/programs.ts";
import { tempDir } from "../../testing/temp-dir.ts";
import { readEntry } from "./tar-content.ts";
import { readHeader, TAR_BLOCK, tarHeader } from "./tar-header.ts";
import { indexTar } from "./tar-index.ts";

test("a header is read as it was written", () => {
  const name = fc.stringMatching(/^[a-z0-9._/-]{1,100}$/);
  fc.assert(
    fc.property(name, fc.maxSafeNat(), (text, size) => {
      expect(readHeader(tarHeader({ name: text, size }))).toEqual({ name: text, size, type: "0", link: "" });
    }),
  );
  expect(readHeader(new Uint8Array(TAR_BLOCK))).toBeUndefined();
  const damaged = Buffer.from(tarHeader({ name: "x", size: 1 }));
  damaged[0] = 0x79;
  expect(readHeader(damaged)).toBe("its checksum is wrong");
});

test.each(["gnu", "pax", "ustar"])("files are found in an archive of tar --format=%s, long names and links too", async (format) => {
  await using dir = await tempDir();
  const long = `${"long-".repeat(format === "ustar" ? 8 : 30)}name`;
  await writeFile(join(dir.path, long), seededBytes("long", 700));
  await writeFile(join(dir.path, "small"), seededBytes("small", 3));
  await run("ln", [join(dir.path, "small"), join(dir.path, "zlink")]);
  const tar = join(dir.path, "out.tar");
  await run("tar", [`--format=${format}`, "-cf", tar, "-C", dir.path, "small", long, "zlink"]);
  const entries = await indexTar(tar);
  const read = async (name: string): Promise<Uint8Array> => readEntry(tar, entries.get(name) ?? { offset: 0, size: 0 });
  expect(await read(long)).toEqual(Buffer.from(seededBytes("long", 700)));
  expect(await read("zlink")).toEqual(Buffer.from(seededBytes("small", 3)));
});

const file = (name: string, size: number): Uint8Array => Buffer.concat([tarHeader({ name, size }), Buffer.alloc(TAR_BLOCK)]);

test.each([
  ["a name that climbs out", [file("../../etc/passwd", 3)], "lies outside"],
  ["an absolute name", [file("/etc/passwd", 3)], "lies outside"],
  ["a body that is not there", [tarHeader({ name: "x", size: 10_000 })], "ends inside"],
  ["bytes that are no header", [Buffer.alloc(TAR_BLOCK, 0x41)], "no tar header"],
])("%s is refused", async (_, parts, why) => {
  await using dir = await tempDir();
  const path = join(dir.path, "hostile.tar");
  await writeFile(path, Buffer.concat(parts));
  await expect(indexTar(path)).rejects.toMatchObject({ code: "ARCHIVE_INVALID", message: expect.stringContaining(why) });
});

test("a compressed archive is refused by the name of its compression", async () => {
  await using dir = await tempDir();
  await writeFile(join(dir.path, "in"), "x");
  await run("tar", ["-czf", join(dir.path, "x.tgz"), "-C", dir.path, "in"]);
  await expect(indexTar(join(dir.path, "x.tgz"))).rejects.toMatchObject({ code: "UNSUPPORTED", message: expect.stringContaining("gzip") });
  await writeFile(join(dir.path, "short"), "x");
  await expect(indexTar(join(dir.path, "short"))).rejects.toMatchObject({ code: "ARCHIVE_INVALID" });
});
