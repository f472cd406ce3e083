import { describe, expect, test } from "vitest";
import { collect, failure, path, play, sampleBlob, sampleManifest, USER } from "./quirk-bench.ts";
import { type Reply, ScriptedServer, type SeenRequest } from "./scripted-server.ts";

const blob = sampleBlob(100);
const manifest = sampleManifest();
const BLOB = { method: "GET", path: path(`blobs/${blob.descriptor.digest}`) } as const;
const HEAD = { method: "HEAD", path: path("manifests/v1") } as const;
const found: Reply = {
  headers: {
    "Content-Type": manifest.mediaType,
    "Docker-Content-Digest": manifest.digest,
    "Content-Length": String(manifest.bytes.length),
  },
};

describe("redirects", () => {
  test("a blob's redirect to another host carries neither credentials nor cookies", async () => {
    await using store = await ScriptedServer.start([
      { method: "GET", path: "/signed?sig=abc", headers: { authorization: undefined, cookie: undefined }, reply: { body: blob.bytes } },
    ]);
    await play(
      [
        { ...BLOB, reply: { status: 401, headers: { "WWW-Authenticate": 'Basic realm="x"' } } },
        {
          ...BLOB,
          headers: { authorization: /^Basic/ },
          reply: { status: 307, headers: { Location: `http://${store.host}/signed?sig=abc`, "Set-Cookie": "a=b" } },
        },
      ],
      async ({ net, server, at }) => {
        expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(0))).toEqual(blob.bytes);
      },
      { credentials: USER },
    );
    expect(store.faults).toEqual([]);
  });

  test("a redirect on the same origin keeps them", () =>
    play(
      [
        { ...BLOB, reply: { status: 401, headers: { "WWW-Authenticate": 'Basic realm="x"' } } },
        { ...BLOB, reply: { status: 307, headers: { Location: "/elsewhere" } } },
        { method: "GET", path: "/elsewhere", headers: { authorization: /^Basic/ }, reply: { body: blob.bytes } },
      ],
      async ({ net, server, at }) => {
        expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(0))).toEqual(blob.bytes);
      },
      { credentials: USER },
    ));

  test("a storage that challenges does not get the password", async () => {
    await using store = await ScriptedServer.start([
      {
        method: "GET",
        path: "/b",
        headers: { authorization: undefined },
        reply: { status: 401, headers: { "WWW-Authenticate": 'Basic realm="gimme"' } },
      },
    ]);
    await play(
      [{ ...BLOB, reply: { status: 307, headers: { Location: `http://${store.host}/b` } } }],
      async ({ net, server, at }) => {
        expect(await failure(collect(net.reader(server.host).blob(at, blob.descriptor).open(0)))).toMatchObject({ code: "UNAUTHORIZED" });
      },
      { credentials: USER },
    );
    expect(store.faults).toEqual([]);
  });

  test("an expired signed address is asked for again at the registry, and not shown", async () => {
    await using store = await ScriptedServer.start([
      { method: "GET", path: "/s?X-Amz-Signature=old", reply: { status: 403, body: "<Error>Request has expired</Error>" } },
      { method: "GET", path: "/s?X-Amz-Signature=new", reply: { body: blob.bytes } },
    ]);
    const messages: string[] = [];
    await play(
      [
        { ...BLOB, reply: { status: 307, headers: { Location: `http://${store.host}/s?X-Amz-Signature=old` } } },
        { ...BLOB, reply: { status: 307, headers: { Location: `http://${store.host}/s?X-Amz-Signature=new` } } },
      ],
      async ({ net, server, at }) => {
        expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(0))).toEqual(blob.bytes);
      },
      { onEvent: (event) => messages.push(JSON.stringify(event)) },
    );
    expect(messages).toHaveLength(1);
    expect(messages.join()).not.toContain("X-Amz-Signature");
  });

  test("endless redirects end", () =>
    play(
      [{ method: "GET", path: /.*/, reply: { status: 302, headers: { Location: "/again" } }, times: 7 }],
      async ({ net, server, at }) => {
        expect(await failure(collect(net.reader(server.host).blob(at, blob.descriptor).open(0)))).toMatchObject({ code: "PROTOCOL_ERROR" });
      },
    ));

  test.each([["ftp://127.0.0.1/x"], ["file:///etc/passwd"], ["http://[bad"]])("a redirect to %s is refused", (location) =>
    play([{ ...BLOB, reply: { status: 307, headers: { Location: location } } }], async ({ net, server, at }) => {
      expect(await failure(collect(net.reader(server.host).blob(at, blob.descriptor).open(0)))).toMatchObject({ code: "PROTOCOL_ERROR" });
    }),
  );
});

describe("token realms", () => {
  const bearerAt =
    (realm: string) =>
    (_: SeenRequest, server: ScriptedServer): Reply => ({
      status: 401,
      headers: {
        "WWW-Authenticate": `Bearer realm="${realm.replace("HOST", server.host).replace("PORT", String(server.port))}",service="s"`,
      },
    });

  test.each([["https://evil.example/token"], ["http://evil.example/token"], ["https://127.0.0.1.evil.example/token"]])(
    "a password does not go to %s",
    (realm) =>
      play(
        [{ ...HEAD, reply: bearerAt(realm) }],
        async ({ net, server, at }) => {
          const error = await failure(net.reader(server.host).resolve(at, "v1"));
          expect(error).toMatchObject({ code: "UNTRUSTED_ADDRESS" });
          expect(error.hint).toContain("skerry login");
        },
        { credentials: USER },
      ),
  );

  test("a token service that redirects takes no password along", async () => {
    await using elsewhere = await ScriptedServer.start([
      { method: "GET", path: "/steal", headers: { authorization: undefined }, reply: { body: '{"token":"t"}' } },
    ]);
    await play(
      [
        { ...HEAD, reply: bearerAt("http://HOST/token") },
        {
          method: "GET",
          path: /^\/token/,
          headers: { authorization: /^Basic/ },
          reply: { status: 302, headers: { Location: `http://${elsewhere.host}/steal` } },
        },
        { ...HEAD, headers: { authorization: "Bearer t" }, reply: found },
      ],
      async ({ net, server, at }) => {
        expect(await net.reader(server.host).resolve(at, "v1")).toBeDefined();
      },
      { credentials: USER },
    );
    expect(elsewhere.faults).toEqual([]);
  });

  test("a redirect away and back home brings no credential back", async () => {
    let home = "";
    await using elsewhere = await ScriptedServer.start([
      { method: "GET", path: "/away", reply: () => ({ status: 302, headers: { Location: `http://${home}/back` } }) },
    ]);
    await play(
      [
        { ...BLOB, reply: { status: 401, headers: { "WWW-Authenticate": 'Basic realm="x"' } } },
        { ...BLOB, headers: { authorization: /^Basic/ }, reply: { status: 307, headers: { Location: `http://${elsewhere.host}/away` } } },
        { method: "GET", path: "/back", headers: { authorization: undefined }, reply: { body: blob.bytes } },
      ],
      async ({ net, server, at }) => {
        home = server.host;
        expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(0))).toEqual(blob.bytes);
      },
      { credentials: USER },
    );
  });

  test("a realm with a user name in it is refused", () =>
    play([{ ...HEAD, reply: bearerAt("http://a:b@HOST/token") }], async ({ net, server, at }) => {
      expect(await failure(net.reader(server.host).resolve(at, "v1"))).toMatchObject({ code: "UNTRUSTED_ADDRESS" });
    }));

  test("a realm that was noted at a login is trusted, another one is a change and refused", async () => {
    await using service = await ScriptedServer.start(
      [{ method: "GET", path: /^\/token/, headers: { authorization: /^Basic/ }, reply: { body: '{"token":"t"}' } }],
      "127.0.0.5",
    );
    const realms = { get: () => `http://${service.host}` };
    await play(
      [
        { ...HEAD, reply: bearerAt(`http://${service.host}/token`) },
        { ...HEAD, headers: { authorization: "Bearer t" }, reply: found },
      ],
      async ({ net, server, at }) => {
        expect(await net.reader(server.host).resolve(at, "v1")).toBeDefined();
      },
      { credentials: USER, realms },
    );
    await play(
      [{ ...HEAD, reply: bearerAt("http://127.0.0.6:PORT/token") }],
      async ({ net, server, at }) => {
        const error = await failure(net.reader(server.host).resolve(at, "v1"));
        expect(error.code).toBe("UNTRUSTED_ADDRESS");
        expect(error.message).toContain(`it was http://${service.host} before`);
      },
      { credentials: USER, realms },
    );
  });
});
