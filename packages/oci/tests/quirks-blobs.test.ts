import { describe, expect, test } from "vitest";
import { collect, failure, path, play, sampleBlob } from "./quirk-bench.ts";
import type { Reply } from "./scripted-server.ts";

describe("blobs", () => {
  const blob = sampleBlob(5000);
  const step = { method: "GET", path: path(`blobs/${blob.descriptor.digest}`) } as const;
  const rest = (from: number): Reply => ({
    status: 206,
    headers: { "Content-Range": `bytes ${from}-4999/5000` },
    body: blob.bytes.subarray(from),
  });

  test("a whole blob is one request without Range", () =>
    play([{ ...step, headers: { range: undefined }, reply: { body: blob.bytes } }], async ({ net, server, at }) => {
      expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(0))).toEqual(blob.bytes);
    }));

  test("from an offset it is asked for by Range", () =>
    play([{ ...step, headers: { range: "bytes=1000-" }, reply: rest(1000) }], async ({ net, server, at }) => {
      expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(1000))).toEqual(blob.bytes.subarray(1000));
    }));

  test("a server that ignores Range and answers 200 is read from where we want", () =>
    play([{ ...step, headers: { range: "bytes=1000-" }, reply: { body: blob.bytes } }], async ({ net, server, at }) => {
      expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(1000))).toEqual(blob.bytes.subarray(1000));
    }));

  test.each([
    ["reset", { body: blob.bytes, resetAfter: 2000 }],
    ["closed with bytes missing", { body: blob.bytes, closeAfter: 2000 }],
    ["short without a length (truncated by a proxy)", { body: blob.bytes.subarray(0, 2000), contentLength: "none" }],
    ["short with a wrong length", { body: blob.bytes.subarray(0, 2000) }],
  ] satisfies [string, Reply][])("a connection %s is continued by Range, unnoticed", (_, reply) =>
    play(
      [
        { ...step, reply: { ...reply, headers: { ETag: '"strong"' } } },
        { ...step, headers: { range: "bytes=2000-", "if-range": '"strong"' }, reply: rest(2000) },
      ],
      async ({ net, server, at }) => {
        expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(0))).toEqual(blob.bytes);
        expect(net.retries()).toBe(1);
      },
    ),
  );

  test("a weak ETag is no proof: no If-Range", () =>
    play(
      [
        { ...step, reply: { body: blob.bytes, closeAfter: 2000, headers: { ETag: 'W/"weak"' } } },
        { ...step, headers: { range: "bytes=2000-", "if-range": undefined }, reply: rest(2000) },
      ],
      async ({ net, server, at }) => {
        expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(0))).toEqual(blob.bytes);
      },
    ));

  test("a continuation that starts elsewhere is refused", () =>
    play(
      [
        { ...step, reply: { body: blob.bytes, closeAfter: 2000 } },
        { ...step, reply: rest(1000) },
      ],
      async ({ net, server, at }) => {
        expect(await failure(collect(net.reader(server.host).blob(at, blob.descriptor).open(0)))).toMatchObject({ code: "PROTOCOL_ERROR" });
      },
    ));

  test("416 on a continuation ends in an error that names it", () =>
    play(
      [
        { ...step, reply: { body: blob.bytes, closeAfter: 2000 } },
        { ...step, reply: { status: 416 } },
      ],
      async ({ net, server, at }) => {
        expect(await failure(collect(net.reader(server.host).blob(at, blob.descriptor).open(0)))).toMatchObject({ status: 416 });
      },
    ));

  test("a stalled transfer is broken off by bytes and continued", () =>
    play(
      [
        { ...step, reply: { body: blob.bytes, stallAfter: 2000 } },
        { ...step, headers: { range: "bytes=2000-" }, reply: rest(2000) },
      ],
      async ({ net, server, at }) => {
        expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(0))).toEqual(blob.bytes);
      },
      { stallTimeoutMs: 150 },
    ));

  test("a slow drip is no stall, however long it takes in all", () => {
    const slow = sampleBlob(60);
    return play(
      [{ method: "GET", path: path(`blobs/${slow.descriptor.digest}`), reply: { body: slow.bytes, dripMs: 10 } }],
      async ({ net, server, at }) => {
        expect(await collect(net.reader(server.host).blob(at, slow.descriptor).open(0))).toEqual(slow.bytes);
        expect(net.retries()).toBe(0);
      },
      { stallTimeoutMs: 300 },
    );
  });

  test("a slow consumer is no stall either", () =>
    play(
      [{ ...step, reply: { body: blob.bytes } }],
      async ({ net, server, at }) => {
        for await (const _ of net.reader(server.host).blob(at, blob.descriptor).open(0))
          await new Promise((resolve) => setTimeout(resolve, 300));
        expect(net.retries()).toBe(0);
      },
      { stallTimeoutMs: 100 },
    ));

  test("a registry that gives no byte at all is given up after its tries", () =>
    play(
      [{ ...step, reply: { body: blob.bytes, resetAfter: 0 }, times: 3 }],
      async ({ net, server, at }) => {
        expect(await failure(collect(net.reader(server.host).blob(at, blob.descriptor).open(0)))).toMatchObject({ code: "UNREACHABLE" });
      },
      { retries: 2 },
    ));

  test("a blob that is not there is NOT_FOUND", () =>
    play([{ ...step, reply: { status: 404 } }], async ({ net, server, at }) => {
      expect(await failure(collect(net.reader(server.host).blob(at, blob.descriptor).open(0)))).toMatchObject({ code: "NOT_FOUND" });
    }));

  test("a blob longer than promised is not passed off as the blob", () =>
    play([{ ...step, reply: { body: Buffer.concat([blob.bytes, blob.bytes]) } }], async ({ net, server, at }) => {
      expect(await failure(collect(net.reader(server.host).blob(at, blob.descriptor).open(0)))).toMatchObject({ code: "SIZE_MISMATCH" });
    }));
});
