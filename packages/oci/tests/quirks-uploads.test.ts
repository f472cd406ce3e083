import { describe, expect, test } from "vitest";
import { isTransient } from "../src/index.ts";
import { bodyOf, failure, path, play, sampleBlob } from "./quirk-bench.ts";
import type { Reply, ScriptedServer, SeenRequest } from "./scripted-server.ts";

const blob = sampleBlob(3000);
const { descriptor } = blob;
const POST = { method: "POST", path: path("blobs/uploads/") } as const;
const escaped = encodeURIComponent(descriptor.digest);

function at(location: string): (request: SeenRequest, server: ScriptedServer) => Reply {
  return (_, server) => ({ status: 202, headers: { Location: location.replaceAll("HOST", server.host) } });
}

describe("uploads", () => {
  test("POST, then one PUT with its length: two requests", () =>
    play(
      [
        { ...POST, headers: { "content-length": "0" }, reply: at("/v2/org/app/blobs/uploads/u1") },
        {
          method: "PUT",
          path: `/v2/org/app/blobs/uploads/u1?digest=${escaped}`,
          headers: { "content-length": "3000", "transfer-encoding": undefined, "content-range": undefined, expect: undefined },
          reply: (request) => {
            expect(request.body).toEqual(blob.bytes);
            return { status: 201 };
          },
        },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, descriptor);
        await write.append(bodyOf(blob.bytes, 700));
        await write.commit();
        expect(net.requests()).toEqual({ [server.host]: { POST: 1, PUT: 1 } });
      },
    ));

  test.each([
    ["GHCR: relative", "/v2/org/app/blobs/uploads/u1", "/v2/org/app/blobs/uploads/u1?digest="],
    ["relative to the request", "u1", "/v2/org/app/blobs/uploads/u1?digest="],
    ["absolute", "http://HOST/up/1", "/up/1?digest="],
    ["with a query, kept as it is", "http://HOST/up/1?_state=a%2Bb%3D%3D&x=%7e", "/up/1?_state=a%2Bb%3D%3D&x=%7e&digest="],
    ["distribution behind a proxy: the port is dropped", "http://127.0.0.1/up/1", "/up/1?digest="],
    ["with a fragment", "http://HOST/up/1#top", "/up/1?digest="],
    ["with userinfo, which is not used", "http://evil:pw@HOST/up/1", "/up/1?digest="],
  ])("Location %s", (_, location, put) =>
    play(
      [
        { ...POST, reply: at(location) },
        { method: "PUT", path: `${put}${escaped}`, headers: { authorization: undefined }, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, descriptor);
        await write.append(bodyOf(blob.bytes));
        await write.commit();
      },
    ),
  );

  test("no Location at all is a fault of the registry", () =>
    play([{ ...POST, reply: { status: 202 } }], async ({ net, server, at: place }) => {
      expect(await failure(net.writer(server.host).begin(place, descriptor))).toMatchObject({ code: "PROTOCOL_ERROR" });
    }));

  test("an empty blob is put with length 0", () => {
    const empty = sampleBlob(0);
    return play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1\?digest=/, headers: { "content-length": "0" }, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, empty.descriptor);
        await write.append(bodyOf(empty.bytes));
        await write.commit();
      },
    );
  });

  test("a source that fails its digest at the end never completes the upload", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "GET", path: "/u/1", reply: { status: 404 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, descriptor);
        const bad = async function* (): AsyncGenerator<Uint8Array> {
          yield blob.bytes.subarray(0, 2999);
          yield blob.bytes.subarray(2999);
          throw new Error("damaged");
        };
        await failure(write.append(bad()));
        expect(server.seen.map((request) => request.method)).toEqual(["POST", "GET"]);
      },
    ));

  test("a broken-off body is continued where the registry stands", () =>
    play(
      [
        { ...POST, reply: at("/u/1?s=1") },
        { method: "GET", path: "/u/1?s=1", reply: { status: 204, headers: { Range: "0-1499", Location: "/u/1?s=2" } } },
        {
          method: "PUT",
          path: `/u/1?s=2&digest=${escaped}`,
          headers: { "content-length": "1500", "content-range": "1500-2999" },
          reply: (request) => {
            expect(request.body).toEqual(blob.bytes.subarray(1500));
            return { status: 201 };
          },
        },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, descriptor);
        const broken = async function* (): AsyncGenerator<Uint8Array> {
          yield blob.bytes.subarray(0, 1500);
          yield blob.bytes.subarray(1500, 2000);
          throw Object.assign(new Error("gone"), { code: "ECONNRESET" });
        };
        await failure(write.append(broken()));
        expect(write.offset).toBe(1500);
        await write.append(bodyOf(blob.bytes.subarray(write.offset)));
        await write.commit();
      },
    ));

  test("a registry that has forgotten the upload starts again at 0", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { status: 500 } },
        { method: "GET", path: "/u/1", reply: { status: 404 } },
        { ...POST, reply: at("/u/2") },
        { method: "PUT", path: /^\/u\/2/, headers: { "content-length": "3000" }, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, descriptor);
        expect(await failure(write.append(bodyOf(blob.bytes)))).toMatchObject({ code: "SERVER_ERROR", status: 500 });
        expect(write.offset).toBe(0);
        await write.append(bodyOf(blob.bytes));
        await write.commit();
      },
    ));

  test.each([
    ["Harbor on S3: BLOB_UPLOAD_UNKNOWN", '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"blob upload unknown to registry"}]}'],
    ["a 404 whose words were lost on the way", ""],
  ])("%s is worth another session", (_, body) =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        {
          method: "PUT",
          path: /^\/u\/1/,
          reply: { status: 404, body },
        },
        { ...POST, reply: at("/u/2") },
        { method: "PUT", path: /^\/u\/2/, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, descriptor);
        expect(await failure(write.append(bodyOf(blob.bytes)))).toMatchObject({
          code: "SERVER_ERROR",
          registryCode: "BLOB_UPLOAD_UNKNOWN",
        });
        await write.append(bodyOf(blob.bytes));
        await write.commit();
      },
    ),
  );

  test("DIGEST_INVALID from the registry is damage on the way", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { status: 400, body: '{"errors":[{"code":"DIGEST_INVALID"}]}' } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, descriptor);
        expect(await failure(write.append(bodyOf(blob.bytes)))).toMatchObject({ code: "DIGEST_MISMATCH", registryCode: "DIGEST_INVALID" });
      },
    ));

  test("a token that runs out between POST and PUT: the registry is asked where it stands with a new one, and the body sent again", () => {
    const challenge = (_: SeenRequest, server: ScriptedServer): Reply => ({
      status: 401,
      headers: { "WWW-Authenticate": `Bearer realm="http://${server.host}/token",service="s"` },
    });
    const token = (text: string): Reply => ({ body: JSON.stringify({ token: text, expires_in: 3600 }) });
    return play(
      [
        { ...POST, reply: challenge },
        { method: "GET", path: /^\/token/, reply: token("t1") },
        { ...POST, headers: { authorization: "Bearer t1" }, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, headers: { authorization: "Bearer t1" }, reply: challenge },
        { method: "GET", path: /^\/token/, reply: token("t2") },
        { method: "GET", path: "/u/1", headers: { authorization: "Bearer t2" }, reply: { status: 204, headers: { Range: "0-0" } } },
        { method: "PUT", path: /^\/u\/1/, headers: { authorization: "Bearer t2", "content-length": "3000" }, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, descriptor);
        expect(isTransient(await failure(write.append(bodyOf(blob.bytes))))).toBe(true);
        await write.append(bodyOf(blob.bytes));
        await write.commit();
      },
    );
  });

  test("a registry that stops reading is a stall", () => {
    const large = { bytes: Buffer.alloc(16_000_000, 1), descriptor: { ...descriptor, size: 16_000_000 } };
    return play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { deaf: true } },
        { method: "GET", path: "/u/1", reply: { status: 404 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, large.descriptor);
        expect(await failure(write.append(bodyOf(large.bytes, 65_536)))).toMatchObject({ code: "STALLED" });
      },
      { stallTimeoutMs: 200 },
    );
  });

  test("a slow source is no stall of the target", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const slow = async function* (): AsyncGenerator<Uint8Array> {
          yield blob.bytes.subarray(0, 1000);
          await new Promise((resolve) => setTimeout(resolve, 400));
          yield blob.bytes.subarray(1000);
        };
        const write = await net.writer(server.host).begin(place, descriptor);
        await write.append(slow());
        await write.commit();
      },
      { stallTimeoutMs: 100 },
    ));

  test("a dropped write cancels its session", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "DELETE", path: "/u/1", reply: { status: 204 } },
      ],
      async ({ net, server, at: place }) => {
        await (await net.writer(server.host).begin(place, descriptor)).drop();
      },
    ));
});
