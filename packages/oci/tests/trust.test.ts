import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo, LookupFunction } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Registries, type RegistriesOptions } from "../src/index.ts";
import { collect, failure, path, play, QuickClock, sampleBlob, sampleManifest, USER } from "./quirk-bench.ts";
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

/** 127.0.0.1 stands for a public address here, every other loopback address stays private. */
const publicLoopback: RegistriesOptions = { isPrivate: (address) => address !== "127.0.0.1" };

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

describe("TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "skerry-tls-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const key = join(folder, "key.pem");
  const cert = join(folder, "cert.pem");
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      key,
      "-out",
      cert,
      "-days",
      "2",
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=IP:127.0.0.1,DNS:localhost",
    ],
    { stdio: "ignore" },
  );
  const pem = readFileSync(cert, "utf8");

  async function withTls(run: (host: string) => Promise<void>, headers: Record<string, string> = {}): Promise<void> {
    const server: Server = createServer({ key: readFileSync(key), cert: pem }, (_, response) => {
      response.writeHead(Object.hasOwn(headers, "Location") ? 307 : 200, { "content-length": "0", ...headers });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await run(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  test("an unknown CA is TLS_FAILED and names --ca", () =>
    withTls(async (host) => {
      await using net = new Registries();
      const error = await failure(net.ping(host));
      expect(error).toMatchObject({ code: "TLS_FAILED", tries: 1, host });
      expect(error.hint).toContain("--ca");
    }));

  test("with its CA it is trusted", () =>
    withTls(async (host) => {
      await using net = new Registries({ extraCa: [pem] });
      await net.ping(host);
    }));

  test("with its CA in certs.d/host:port, too", () =>
    withTls(async (host) => {
      const { mkdir, writeFile } = await import("node:fs/promises");
      await mkdir(join(folder, "certs.d", host), { recursive: true });
      await writeFile(join(folder, "certs.d", host, "my.crt"), pem);
      await using net = new Registries({ certDirs: [join(folder, "certs.d")] });
      await net.ping(host);
    }));

  test("a client certificate from certs.d is shown to who asks for one", async () => {
    const { mkdir, copyFile } = await import("node:fs/promises");
    const server = createServer(
      { key: readFileSync(key), cert: pem, ca: pem, requestCert: true, rejectUnauthorized: true },
      (_, response) => {
        response.writeHead(200, { "content-length": 0 }).end();
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      await using without = new Registries({ extraCa: [pem], retries: 0 });
      expect((await failure(without.ping(host))).code).toMatch(/TLS_FAILED|UNREACHABLE/);
      const certs = join(folder, "client", host);
      await mkdir(certs, { recursive: true });
      await Promise.all([
        copyFile(cert, join(certs, "ca.crt")),
        copyFile(cert, join(certs, "me.cert")),
        copyFile(key, join(certs, "me.key")),
      ]);
      await using net = new Registries({ certDirs: [join(folder, "client")] });
      await net.ping(host);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test("an insecure host is reached without it", () =>
    withTls(async (host) => {
      await using net = new Registries({ insecureHosts: [host] });
      await net.ping(host);
      expect(net.requests()).toEqual({ [host]: { GET: 1 } });
    }));

  test("insecure for one host is not insecure for another", () =>
    withTls(async (host) => {
      await using net = new Registries({ insecureHosts: ["127.0.0.1:1"] });
      expect(await failure(net.ping(host))).toMatchObject({ code: "TLS_FAILED" });
    }));

  test("from HTTPS to HTTP no redirect is followed", () =>
    withTls(
      async (host) => {
        await using net = new Registries({ extraCa: [pem] });
        const error = await failure(net.ping(host));
        expect(error).toMatchObject({ code: "UNTRUSTED_ADDRESS" });
        expect(error.message).toContain("plain HTTP");
        expect(error.message).not.toContain("s3cret");
      },
      { Location: "http://127.0.0.1:9/x?signature=s3cret" },
    ));

  test("plain HTTP where HTTPS was expected is said, with what allows it", async () => {
    await using server = await ScriptedServer.start([]);
    await using net = new Registries({ clock: new QuickClock() });
    const error = await failure(net.ping(server.host));
    expect(error).toMatchObject({ code: "HTTPS_EXPECTED", host: server.host, tries: 1 });
    expect(error.hint).toMatch(/--tls-verify=false.*--insecure/);
    expect(net.requests()).toEqual({});
  });
});

function inner(address: string): LookupFunction {
  return (_name, options, callback) => {
    if (options.all === true) callback(null, [{ address, family: 4 }]);
    else callback(null, address, 4);
  };
}
