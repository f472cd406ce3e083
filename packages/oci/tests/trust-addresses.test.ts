import type { LookupFunction } from "node:net";
import { describe, expect, test } from "vitest";
import type { RegistriesOptions } from "../src/index.ts";
import { collect, failure, path, play, sampleBlob } from "./quirk-bench.ts";
import { ScriptedServer } from "./scripted-server.ts";

const blob = sampleBlob(100);
const BLOB = { method: "GET", path: path(`blobs/${blob.descriptor.digest}`) } as const;
const HEAD = { method: "HEAD", path: path("manifests/v1") } as const;

/** 127.0.0.1 stands for a public address here, every other loopback address stays private. */
const publicLoopback: RegistriesOptions = { isPrivate: (address) => address !== "127.0.0.1" };

describe("a public registry that points inwards", () => {
  test.each([
    ["loopback by number", "http://127.0.0.2:9/x"],
    ["loopback by name", "http://localhost:9/x"],
    ["a cloud's metadata service", "http://169.254.169.254/latest/meta-data/"],
    ["a private network", "http://10.0.0.1/x"],
    ["IPv6 loopback", "http://[::1]:9/x"],
    ["IPv4 written inside IPv6", "http://[::ffff:10.0.0.1]:9/x"],
    ["a name that resolves inwards", "http://inner.example:9/x"],
    ["a decimal address", "http://2130706434:9/x"],
  ])("by redirect to %s is refused, with the flag that allows it", (_, location) =>
    play(
      [{ ...BLOB, reply: { status: 307, headers: { Location: location } } }],
      async ({ net, server, at }) => {
        const error = await failure(collect(net.reader(server.host).blob(at, blob.descriptor).open(0)));
        expect([error.code, error.message]).toEqual(["UNTRUSTED_ADDRESS", expect.any(String)]);
        expect(error.hint).toContain("--allow-private-redirects");
      },
      { ...publicLoopback, lookup: inner("127.0.0.3") },
    ),
  );

  test("by realm is refused before anything is sent", () =>
    play(
      [{ ...HEAD, reply: { status: 401, headers: { "WWW-Authenticate": 'Bearer realm="http://127.0.0.2:9/token"' } } }],
      async ({ net, server, at }) => {
        expect(await failure(net.reader(server.host).resolve(at, "v1"))).toMatchObject({ code: "UNTRUSTED_ADDRESS" });
      },
      publicLoopback,
    ));

  test("by upload location is refused", () =>
    play(
      [{ method: "POST", path: path("blobs/uploads/"), reply: { status: 202, headers: { Location: "http://127.0.0.2:9/u" } } }],
      async ({ net, server, at }) => {
        const write = await net.writer(server.host).begin(at, blob.descriptor);
        const body = async function* (): AsyncGenerator<Uint8Array> {
          yield blob.bytes;
        };
        expect(await failure(write.append(body()))).toMatchObject({ code: "UNTRUSTED_ADDRESS" });
      },
      publicLoopback,
    ));

  test("a name that changes its address between look and leap (rebinding) gains nothing: the address connected to counts", async () => {
    await using trap = await ScriptedServer.start([], "127.0.0.2");
    let asked = 0;
    // First answer public, then private: whoever checks one look-up and connects with another is caught.
    const rebinding: LookupFunction = (_name, options, callback) => {
      asked += 1;
      const address = asked === 1 ? "127.0.0.1" : "127.0.0.2";
      if (options.all === true) callback(null, [{ address, family: 4 }]);
      else callback(null, address, 4);
    };
    await play(
      [
        { ...BLOB, reply: { status: 307, headers: { Location: `http://rebind.example:${trap.port}/x` } } },
        { ...BLOB, reply: { status: 307, headers: { Location: `http://rebind.example:${trap.port}/x` } } },
      ],
      async ({ net, server, at }) => {
        const read = (): Promise<Buffer> => collect(net.reader(server.host).blob(at, blob.descriptor).open(0));
        expect((await failure(read())).code).toBe("UNREACHABLE");
        expect((await failure(read())).code).toBe("UNTRUSTED_ADDRESS");
      },
      { ...publicLoopback, lookup: rebinding, retries: 0 },
    );
    expect(trap.seen).toEqual([]);
  });

  test("by a foreign layer's address is refused", () =>
    play(
      [{ method: "GET", path: "/v2/", reply: {} }],
      async ({ net, server }) => {
        await net.ping(server.host);
        const layer = { ...blob.descriptor, urls: ["http://127.0.0.2:9/plain-is-not-even-tried", "https://127.0.0.2:9/layer"] };
        expect(await failure(collect(net.reader(server.host).foreign(layer).open(0)))).toMatchObject({ code: "UNTRUSTED_ADDRESS" });
        expect(await failure(collect(net.reader(server.host).foreign(blob.descriptor).open(0)))).toMatchObject({ code: "NOT_FOUND" });
      },
      publicLoopback,
    ));

  test("with the flag it is followed", async () => {
    await using store = await ScriptedServer.start([{ method: "GET", path: "/x", reply: { body: blob.bytes } }], "127.0.0.2");
    await play(
      [{ ...BLOB, reply: { status: 307, headers: { Location: `http://${store.host}/x` } } }],
      async ({ net, server, at }) => {
        expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(0))).toEqual(blob.bytes);
      },
      { ...publicLoopback, allowPrivateRedirects: true },
    );
  });

  test("a private registry may point at its neighbours", async () => {
    await using store = await ScriptedServer.start([{ method: "GET", path: "/x", reply: { body: blob.bytes } }], "127.0.0.2");
    await play([{ ...BLOB, reply: { status: 307, headers: { Location: `http://${store.host}/x` } } }], async ({ net, server, at }) => {
      expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(0))).toEqual(blob.bytes);
    });
  });
});

function inner(address: string): LookupFunction {
  return (_name, options, callback) => {
    if (options.all === true) callback(null, [{ address, family: 4 }]);
    else callback(null, address, 4);
  };
}
