import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect, testTar } from "../image/test-image.ts";
import { readTar } from "./read.ts";
import { type TarMember, writeTar } from "./write.ts";

interface Read {
  readonly path: string;
  readonly kind: string;
  readonly text: string;
  readonly link: string;
}

async function readAll(bytes: Uint8Array, chunk: number = bytes.byteLength): Promise<Read[]> {
  const found: Read[] = [];
  for await (const entry of readTar(cut(bytes, chunk))) {
    found.push({ path: entry.path, kind: entry.kind, link: entry.link, text: (await collect(entry.content)).toString() });
  }
  return found;
}

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += Math.max(size, 1)) yield bytes.subarray(at, at + Math.max(size, 1));
}

const segment = fc
  .string({ minLength: 1, maxLength: 60, unit: "binary" })
  .map((text) => text.toWellFormed().replaceAll(/[/\0]/g, "_"))
  .filter((text) => text !== "." && text !== "..");
const path = fc.array(segment, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/"));

describe("tar", () => {
  it("reads what it writes, however it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(path, fc.string({ maxLength: 1500 })), { selector: ([name]) => name, maxLength: 8 }),
        fc.integer({ min: 1, max: 2000 }),
        async (files, size) => {
          const members = files.map(([name, text]): TarMember => {
            const bytes = Buffer.from(text);
            return { path: name, size: bytes.byteLength, content: cut(bytes, 700) };
          });
          const read = await readAll(await testTar(members), size);
          expect(read.map(({ path: name, text }) => [name, text])).toEqual(
            files.map(([name, text]) => [name, Buffer.from(text).toString()]),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it("writes bytes that GNU tar lists", async () => {
    const long = `${"d".repeat(90)}/${"e".repeat(120)}/f`;
    const bytes = await testTar({ "a/b.json": "{}", [long]: "long", é: "utf" });
    const listed = execFileSync("tar", ["-tf", "-"], { input: bytes, env: { ...process.env, LC_ALL: "C.UTF-8" } })
      .toString()
      .trim()
      .split("\n");
    expect(listed.map((name) => name.replace("\\303\\251", "é"))).toEqual(["a/b.json", long, "é"]);
    expect(bytes.subarray(100, 108).toString()).toBe("0000644\0");
  });

  it.each(["gnu", "pax", "ustar", "oldgnu"])("reads what GNU tar writes as %s", async (format) => {
    const directory = mkdtempSync(join(tmpdir(), "skerry-tar-"));
    try {
      const long = format === "ustar" ? "x".repeat(90) : "x".repeat(200);
      mkdirSync(join(directory, "in", "sub"), { recursive: true });
      writeFileSync(join(directory, "in", "sub", long), "content");
      symlinkSync(`sub/${long}`, join(directory, "in", "link"));
      const bytes = execFileSync("tar", ["-C", directory, `--format=${format}`, "--sort=name", "-cf", "-", "in"]);
      expect(await readAll(bytes, 777)).toEqual([
        { path: "in/", kind: "directory", link: "", text: "" },
        { path: "in/link", kind: "symlink", link: `sub/${long}`, text: "" },
        { path: "in/sub/", kind: "directory", link: "", text: "" },
        { path: `in/sub/${long}`, kind: "file", link: "", text: "content" },
      ]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it("refuses a stream that ends early or is damaged, and never anything but its own error", async () => {
    const bytes = await testTar({ "a/b": "x".repeat(2000), "c/d": "y" });
    await expect(readAll(bytes.subarray(0, 1000))).rejects.toMatchObject({ code: "CATALOG_INVALID" });
    await expect(readAll(bytes.subarray(0, 3000))).rejects.toMatchObject({ code: "CATALOG_INVALID" });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(bytes.byteLength - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }), async (changes) => {
        const damaged = Buffer.from(bytes);
        for (const [at, byte] of changes) damaged[at] = byte;
        try {
          await readAll(damaged, 512);
        } catch (error) {
          expect(error).toMatchObject({ name: "CatalogError" });
        }
      }),
      { numRuns: 200 },
    );
  });

  it("bounds headers and checks paths and lengths", async () => {
    await expect(testTar({ "../x": "" })).rejects.toMatchObject({ code: "PATH_UNSAFE" });
    await expect(testTar({ "/x": "" })).rejects.toMatchObject({ code: "PATH_UNSAFE" });
    await expect(collect(writeTar([{ path: "x", size: 3 }]))).rejects.toMatchObject({ code: "IO_FAILED" });
    const [header] = [(await testTar({ x: "" })).subarray(0, 512)];
    header.write("x", 156);
    header.write("77777777777", 124);
    const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    await expect(readAll(header)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });
});
