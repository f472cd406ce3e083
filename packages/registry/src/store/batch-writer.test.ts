import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BatchWriter } from "./batch-writer.ts";
import type { OpenFile } from "./open-file.ts";
import { Pieces } from "./pieces.ts";

/** A file in memory whose writes take a while. */
function slowFile(fails: () => boolean = () => false): { file: OpenFile; bytes: () => Buffer } {
  let content = Buffer.alloc(0);
  const file: OpenFile = {
    read: async () => 0,
    write: async (chunks, position) => {
      await sleep(1);
      if (fails()) throw new Error("the disk is gone");
      const bytes = Buffer.concat(chunks);
      const grown = Buffer.alloc(Math.max(content.length, position + bytes.length));
      content.copy(grown);
      bytes.copy(grown, position);
      content = grown;
    },
    sync: () => sleep(1),
    truncate: async () => undefined,
    size: async () => content.length,
    close: async () => undefined,
  };
  return { file, bytes: () => content };
}

test("chunks of any size arrive in order, whether the caller waits or ends at once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 700_000 }), { maxLength: 12 }), fc.boolean(), async (sizes, waits) => {
      const { file, bytes } = slowFile();
      let written = 0;
      const seen: Buffer[] = [];
      const writer = new BatchWriter(file, 0, {
        pieces: new Pieces(),
        seen: (part) => seen.push(Buffer.from(part)),
        written: (position) => (written = position),
      });
      const chunks = sizes.map((size, index) => Buffer.alloc(size, index + 1));
      const whole = Buffer.concat(chunks);
      for (const chunk of chunks) {
        const wait = writer.add(chunk);
        if (waits) await wait;
        // The chunk is the caller's again.
        chunk.fill(0);
      }
      await writer.end();
      expect([written, bytes().equals(whole), Buffer.concat(seen).equals(whole)]).toEqual([whole.length, true, true]);
    }),
    { numRuns: 30 },
  );
});

test("a failed write is told at the end, and nothing after it is written", async () => {
  let writes = 0;
  const { file, bytes } = slowFile(() => {
    writes += 1;
    return writes === 2;
  });
  let written = 0;
  const writer = new BatchWriter(file, 0, { pieces: new Pieces(), seen: () => undefined, written: (position) => (written = position) });
  for (let index = 0; index < 8; index += 1) void writer.add(Buffer.alloc(1024 * 1024, index));
  await expect(writer.end()).rejects.toThrow("the disk is gone");
  expect([written, bytes().length, writes]).toEqual([1024 * 1024, 1024 * 1024, 2]);
});
