import { describe, expect, test } from "vitest";
import { isTransient } from "../src/http/retry.ts";
import { MEDIA_TYPES } from "../src/index.ts";
import { bodyOf, failure, path, play, sampleBlob } from "./quirk-bench.ts";
import type { Reply, ScriptedServer, SeenRequest } from "./scripted-server.ts";

const blob = sampleBlob(3000);
const { descriptor } = blob;
const POST = { method: "POST", path: path("blobs/uploads/") } as const;
const escaped = encodeURIComponent(descriptor.digest);

function at(location: string): (request: SeenRequest, server: ScriptedServer) => Reply {
  return (_, server) => ({ status: 202, headers: { Location: location.replaceAll("HOST", server.host) } });
}

describe("uploads in pieces, after a 413", () => {
  const big = sampleBlob(2 * 1024 * 1024);
  const size = big.descriptor.size;
  const half = size / 2;
  const digest = encodeURIComponent(big.descriptor.digest);

  test("nginx with a body limit: PATCH with ranges, each Location followed, closed by an empty PUT", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { status: 413 } },
        { ...POST, reply: at("/u/2?o=0") },
        {
          method: "PATCH",
          path: "/u/2?o=0",
          headers: { "content-range": `0-${half - 1}` },
          reply: { status: 202, headers: { Location: "/u/2?o=1", Range: `0-${half - 1}` } },
        },
        {
          method: "PATCH",
          path: "/u/2?o=1",
          headers: { "content-range": `${half}-${size - 1}` },
          reply: { status: 202, headers: { Location: "/u/2?o=2", Range: `0-${size - 1}` } },
        },
        { method: "PUT", path: `/u/2?o=2&digest=${digest}`, headers: { "content-length": "0" }, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, big.descriptor);
        expect(await failure(write.append(bodyOf(big.bytes)))).toMatchObject({ status: 413, code: "SERVER_ERROR" });
        await write.append(bodyOf(big.bytes, 65_536));
        await write.commit();
      },
    ));

  test("the lesson is learnt per host: the next blob goes in pieces at once", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { status: 413 } },
        { ...POST, reply: at("/u/2") },
        { method: "PATCH", path: "/u/2", reply: { status: 202, headers: { Location: "/u/2" } }, times: 2 },
        { method: "PUT", path: /^\/u\/2/, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const first = await net.writer(server.host).begin(place, big.descriptor);
        await failure(first.append(bodyOf(big.bytes)));
        const second = await net.writer(server.host).begin(place, big.descriptor);
        await second.append(bodyOf(big.bytes));
        await second.commit();
      },
    ));

  test("413 answered before the body was read (nginx) is seen as 413", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { status: 413, early: true } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, big.descriptor);
        const error = await failure(write.append(bodyOf(big.bytes, 65_536)));
        expect([413, undefined]).toContain(error.status);
      },
    ));

  test.each([
    ["ECR: 201 on PATCH", { status: 201, headers: { Location: "/u/2" } }],
    ["GHCR: only the last piece is kept", { status: 202, headers: { Location: "/u/2", Range: "0-0" } }],
  ] satisfies [string, Reply][])("%s is not taken for progress", (_, reply) =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { status: 413 } },
        { ...POST, reply: at("/u/2") },
        { method: "PATCH", path: "/u/2", reply },
        { method: "GET", path: "/u/2", reply: { status: 404 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, big.descriptor);
        await failure(write.append(bodyOf(big.bytes)));
        await failure(write.append(bodyOf(big.bytes)));
        expect(write.offset).toBe(0);
      },
    ),
  );

  test("416 asks for the state and continues there", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { status: 413 } },
        { ...POST, reply: at("/u/2") },
        { method: "PATCH", path: "/u/2", reply: { status: 416, headers: { Range: "0-99" } } },
        { method: "GET", path: "/u/2", reply: { status: 204, headers: { Range: `0-${half - 1}`, Location: "/u/2" } } },
        {
          method: "PATCH",
          path: "/u/2",
          headers: { "content-range": `${half}-${size - 1}` },
          reply: { status: 202, headers: { Location: "/u/2" } },
        },
        { method: "PUT", path: /^\/u\/2/, headers: { "content-length": "0" }, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, big.descriptor);
        await failure(write.append(bodyOf(big.bytes)));
        expect(isTransient(await failure(write.append(bodyOf(big.bytes))))).toBe(true);
        expect(write.offset).toBe(half);
        await write.append(bodyOf(big.bytes.subarray(half)));
        await write.commit();
      },
    ));
});

describe("mounts", () => {
  const mount = { method: "POST", path: path(`blobs/uploads/?mount=${escaped}&from=org%2Fbase`) } as const;
  const from = { repository: "org/base" };

  test("201 is a mount", () =>
    play([{ ...mount, reply: { status: 201 } }], async ({ net, server, at: place }) => {
      expect(await net.writer(server.host).mount(place, descriptor, from)).toBe(true);
    }));

  test("202 declines and opens an upload, which is used", () =>
    play(
      [
        { ...mount, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1\?digest/, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const writer = net.writer(server.host);
        expect(await writer.mount(place, descriptor, from)).toBe(false);
        const write = await writer.begin(place, descriptor);
        await write.append(bodyOf(blob.bytes));
        await write.commit();
      },
    ));

  test.each([400, 401, 403, 404, 405])("%i (Quay, containerd#14086) declines", (status) =>
    play([{ ...mount, reply: { status } }], async ({ net, server, at: place }) => {
      expect(await net.writer(server.host).mount(place, descriptor, from)).toBe(false);
    }),
  );

  test("503 is no answer: tried again", () =>
    play(
      [
        { ...mount, reply: { status: 503 } },
        { ...mount, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        expect(await net.writer(server.host).mount(place, descriptor, from)).toBe(true);
      },
    ));
});

describe("probes", () => {
  test("the right to push: an upload opened and cancelled", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "DELETE", path: "/u/1", reply: { status: 204 } },
      ],
      ({ net, server, at: place }) => net.writer(server.host).probePush(place),
    ));

  test("Harbor: a project that does not exist", () =>
    play(
      [{ ...POST, reply: { status: 404, body: '{"errors":[{"code":"NOT_FOUND","message":"project org not found"}]}' } }],
      async ({ net, server, at: place }) => {
        expect(await failure(net.writer(server.host).probePush(place))).toMatchObject({ code: "NOT_FOUND", registryCode: "NOT_FOUND" });
      },
    ));

  test.each([
    ["MANIFEST_BLOB_UNKNOWN", false],
    ["MANIFEST_UNKNOWN", false],
  ])("sparse indexes: %s is a no", (code, expected) =>
    play(
      [{ method: "PUT", path: /manifests\/sha256:/, reply: { status: 400, body: JSON.stringify({ errors: [{ code }] }) } }],
      async ({ net, server, at: place }) => {
        expect(await net.writer(server.host).probeSparse(place)).toBe(expected);
      },
    ),
  );

  test("sparse indexes: taken, and taken away again", () =>
    play(
      [
        { method: "PUT", path: /manifests\/sha256:/, headers: { "content-type": MEDIA_TYPES.ociIndex }, reply: { status: 201 } },
        { method: "DELETE", path: /manifests\/sha256:/, reply: { status: 405 } },
      ],
      async ({ net, server, at: place }) => {
        expect(await net.writer(server.host).probeSparse(place)).toBe(true);
      },
    ));
});
