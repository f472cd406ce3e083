import { describe, expect, test } from "vitest";
import type { NetEvent } from "../src/index.ts";
import { collect, failure, path, play, sampleBlob, sampleManifest } from "./quirk-bench.ts";
import type { Reply } from "./scripted-server.ts";

const manifest = sampleManifest();
const found: Reply = {
  headers: {
    "Content-Type": manifest.mediaType,
    "Docker-Content-Digest": manifest.digest,
    "Content-Length": String(manifest.bytes.length),
  },
};
const HEAD = { method: "HEAD", path: path("manifests/v1") } as const;

describe("retries", () => {
  test.each([408, 425, 429, 499, 500, 502, 503, 504, 522])("%i is tried again", (status) =>
    play(
      [
        { ...HEAD, reply: { status } },
        { ...HEAD, reply: found },
      ],
      async ({ net, server, at }) => {
        expect(await net.reader(server.host).resolve(at, "v1")).toBeDefined();
        expect(net.retries()).toBe(1);
      },
    ),
  );

  test.each([402, 409, 410, 413, 422, 451])("%i is final", (status) =>
    play([{ ...HEAD, reply: { status } }], async ({ net, server, at }) => {
      expect(await failure(net.reader(server.host).resolve(at, "v1"))).toMatchObject({ status, tries: 1 });
    }),
  );

  test("a connection that is reset before the answer is tried again", () =>
    play(
      [
        { ...HEAD, reply: found },
        { method: "GET", path: path(`manifests/${manifest.digest}`), reply: { contentLength: 10, resetAfter: 0 } },
        {
          method: "GET",
          path: path(`manifests/${manifest.digest}`),
          reply: { headers: { "Content-Type": manifest.mediaType }, body: manifest.bytes },
        },
      ],
      async ({ net, server, at }) => {
        const reader = net.reader(server.host);
        await reader.resolve(at, "v1");
        expect((await reader.manifest(at, manifest.descriptor)).digest).toBe(manifest.digest);
      },
    ));

  test("the last failure names host, status, code and tries", () =>
    play(
      [{ ...HEAD, reply: { status: 502 }, times: 4 }],
      async ({ net, server, at }) => {
        const error = await failure(net.reader(server.host).resolve(at, "v1"));
        expect(error).toMatchObject({ code: "SERVER_ERROR", status: 502, host: server.host, tries: 4 });
      },
      { retries: 3 },
    ));

  test("back-off doubles from half a second", () =>
    play(
      [{ ...HEAD, reply: { status: 500 }, times: 5 }],
      async ({ net, server, at, clock }) => {
        await failure(net.reader(server.host).resolve(at, "v1"));
        expect(clock.slept).toEqual([375, 750, 1500, 3000]);
      },
      { retries: 4 },
    ));

  test.each([
    ["seconds", "3", 3000],
    ["a date", "date", 6000],
  ])("Retry-After in %s holds every worker of the host", (_, text, atLeast) => {
    const events: NetEvent[] = [];
    return play(
      [
        {
          ...HEAD,
          reply: () => ({ status: 429, headers: { "Retry-After": text === "date" ? new Date(Date.now() + 8000).toUTCString() : text } }),
        },
        { ...HEAD, reply: found },
      ],
      async ({ net, server, at, clock }) => {
        await net.reader(server.host).resolve(at, "v1");
        expect(Math.max(...clock.slept)).toBeGreaterThanOrEqual(atLeast);
        expect(events.map((event) => event.event)).toEqual(["throttle", "retry"]);
        expect(events[0]).toMatchObject({ limit: 4, host: server.host });
      },
      { onEvent: (event) => events.push(event) },
    );
  });

  test("Docker Hub: a Retry-After of hours is not waited for", () =>
    play([{ ...HEAD, reply: { status: 429, headers: { "Retry-After": "21600" }, body: "" } }], async ({ net, server, at }) => {
      expect(await failure(net.reader(server.host).resolve(at, "v1"))).toMatchObject({ code: "RATE_LIMITED", status: 429, tries: 1 });
    }));

  test("a host that never answered is not waited for", async () => {
    await play([], async ({ net, at }) => {
      const error = await failure(net.reader("127.0.0.1:1").resolve(at, "v1"));
      expect(error).toMatchObject({ code: "UNREACHABLE", tries: 1 });
      expect(net.requests()).toEqual({});
    });
  });

  test("an abort ends a wait at once and is called so", () =>
    play(
      [{ method: "GET", path: path(`blobs/${sampleBlob(10).descriptor.digest}`), reply: { body: "", contentLength: 10, stallAfter: 0 } }],
      async ({ net, server, at }) => {
        const stop = new AbortController();
        const reading = failure(collect(net.reader(server.host).blob(at, sampleBlob(10).descriptor).open(0, { signal: stop.signal })));
        while (server.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        stop.abort();
        expect(await reading).toMatchObject({ code: "ABORTED" });
      },
    ));
});

describe("pace", () => {
  test("places at the gate are given back whatever happens", () =>
    play(
      [
        { ...HEAD, reply: { status: 500 }, times: 6 },
        { ...HEAD, reply: found, times: 6 },
      ],
      async ({ net, server, at }) => {
        const reader = net.reader(server.host);
        for (let turn = 0; turn < 3; turn++) await failure(reader.resolve(at, "v1"));
        for (let turn = 0; turn < 6; turn++) await reader.resolve(at, "v1");
      },
      { maxPerHost: 1, retries: 1 },
    ));

  test("a blob that is left half-read gives its place back", () => {
    const blob = sampleBlob(200_000);
    return play(
      [{ method: "GET", path: path(`blobs/${blob.descriptor.digest}`), reply: { body: blob.bytes }, times: 3 }],
      async ({ net, server, at }) => {
        for (let turn = 0; turn < 3; turn++) {
          for await (const _ of net.reader(server.host).blob(at, blob.descriptor).open(0)) break;
        }
      },
      { maxPerHost: 1 },
    );
  });

  test("--limit-rate holds the bytes back", () => {
    const blob = sampleBlob(100_000);
    return play(
      [{ method: "GET", path: path(`blobs/${blob.descriptor.digest}`), reply: { body: blob.bytes } }],
      async ({ net, server, at, clock }) => {
        expect((await collect(net.reader(server.host).blob(at, blob.descriptor).open(0))).length).toBe(100_000);
        // 100 kB at 10 kB/s, a quarter of a second's worth ahead.
        expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(8500);
      },
      { limitRate: 10_000 },
    );
  });
});
