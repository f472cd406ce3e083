import { readdir, readlink, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { digestOf } from "../../hash.ts";
import { tempDir } from "../../testing/temp-dir.ts";
import { type FilePart, hashFile, readFrom, SharedFile } from "./read-file.ts";

const BYTES = Buffer.alloc(1_300_000);
for (let at = 0; at < BYTES.byteLength; at += 4) BYTES.writeUInt32LE(at, at);

async function whole(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(body));
}

test("any part is the same bytes, however many are read at once", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "file");
  await writeFile(path, BYTES);
  const file = new SharedFile(path);
  const parts = fc.array(
    fc.record({ offset: fc.nat(BYTES.byteLength + 10), length: fc.option(fc.nat(BYTES.byteLength), { nil: undefined }) }),
    { maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(parts, async (asked) => {
      const got = await Promise.all(asked.map(({ offset, length }) => whole(file.read(part(offset, length)))));
      for (const [index, { offset, length }] of asked.entries()) {
        const end = length === undefined ? BYTES.byteLength : offset + length;
        expect(got[index]?.equals(BYTES.subarray(offset, end))).toBe(true);
      }
    }),
    { numRuns: 30 },
  );
});

test("a file's hash is that of its bytes, of its beginning, or of less than was thought to be there", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "file");
  await writeFile(path, BYTES);
  for (const length of [0, 1, 512 * 1024, 512 * 1024 + 1, BYTES.byteLength, BYTES.byteLength + 5]) {
    expect(await hashFile(path, length)).toBe(digestOf(BYTES.subarray(0, length)).slice("sha256:".length));
  }
  await expect(hashFile(path, 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
  await expect(hashFile(join(dir.path, "none"), 1)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a file is open while somebody reads, however they end, and no longer", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "file");
  await writeFile(path, BYTES);
  const file = new SharedFile(path);
  const one = file.read({ offset: 0 });
  const other = file.read({ offset: 600_000 });
  await one.next();
  await other.next();
  expect(await openings(path)).toBe(1);
  await one.return(undefined);
  expect(await openings(path)).toBe(1);
  await whole(other);
  expect(await openings(path)).toBe(0);
  await expect(whole(file.read({ offset: 0, signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: "ABORTED" });
  expect(await openings(path)).toBe(0);
  await rm(path);
  await expect(whole(file.read({ offset: 0 }))).rejects.toMatchObject({ code: "NOT_FOUND", subject: path });
  await expect(whole(readFrom(path, { offset: 0 }))).rejects.toMatchObject({ code: "NOT_FOUND" });
});

function part(offset: number, length: number | undefined): FilePart {
  return length === undefined ? { offset } : { offset, length };
}

/** How often this process has the file open. */
async function openings(path: string): Promise<number> {
  const names = await readdir("/proc/self/fd");
  const targets = await Promise.all(names.map((name) => readlink(join("/proc/self/fd", name)).catch(() => "")));
  return targets.filter((target) => target === path).length;
}
