import { describe, expect, test } from "vitest";
import { PIECE_BYTES, Pieces } from "./pieces.ts";
import { ReadBuffers, type ReadLease } from "./read-buffers.ts";

function bytesOf(leases: readonly ReadLease[]): number {
  return leases.flatMap(({ buffers }) => buffers).reduce((sum, buffer) => sum + buffer.byteLength, 0);
}

const LAYER = 10_000_000;

describe("ReadBuffers", () => {
  test("gives the few two large pieces each, and a small blob no more than it has bytes", () => {
    const memory = new ReadBuffers(new Pieces());
    expect(memory.lease(LAYER).buffers.map((buffer) => buffer.byteLength)).toEqual([524288, 524288]);
    expect(memory.lease(200_000).buffers).toHaveLength(1);
    expect(memory.lease(5).buffers.map((buffer) => buffer.byteLength)).toEqual([5]);
    expect(memory.lease(PIECE_BYTES).buffers).toHaveLength(1);
  });

  test("gives a thousand readers no more than 300 MB, and uses what was given back again", () => {
    const memory = new ReadBuffers(new Pieces());
    const leases = Array.from({ length: 1000 }, () => memory.lease(LAYER));
    expect(bytesOf(leases)).toBeLessThan(300_000_000);
    const first = leases[0]?.buffers[0];
    for (const lease of leases) {
      lease.giveBack();
      lease[Symbol.dispose]();
    }
    const again = Array.from({ length: 24 }, () => memory.lease(LAYER)).flatMap(({ buffers }) => buffers);
    expect(again).toContain(first);
  });
});
