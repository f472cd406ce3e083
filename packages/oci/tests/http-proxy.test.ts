import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttp, request as httpRequest, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { RealmFile, Registries } from "../src/index.ts";
import { failure } from "./quirk-bench.ts";

const folder = mkdtempSync(join(tmpdir(), "skerry-proxy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
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
    join(folder, "key"),
    "-out",
    join(folder, "cert"),
    "-days",
    "2",
    "-subj",
    "/CN=reg.test",
    "-addext",
    "subjectAltName=DNS:reg.test",
  ],
  { stdio: "ignore" },
);
const pem = readFileSync(join(folder, "cert"), "utf8");

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A proxy that sends every name to one port here, and writes down what it was asked. */
function proxyTo(port: () => number, seen: string[]): Server {
  const proxy = createHttp((incoming, outgoing) => {
    seen.push(`${incoming.method} ${incoming.url} ${incoming.headers["proxy-authorization"] ?? "-"}`);
    const url = new URL(incoming.url ?? "");
    incoming.pipe(
      httpRequest({ port: port(), path: url.pathname, method: incoming.method, headers: incoming.headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      }),
    );
  });
  proxy.on("connect", (incoming, socket) => {
    seen.push(`CONNECT ${incoming.url} ${incoming.headers["proxy-authorization"] ?? "-"}`);
    const through = connect(port(), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      through.pipe(socket);
      socket.pipe(through);
    });
    through.on("error", () => socket.destroy());
    socket.on("error", () => through.destroy());
  });
  return proxy;
}

test("HTTPS goes through CONNECT, with the proxy's password to the proxy only, and NO_PROXY around it", async () => {
  const authorizations: (string | undefined)[] = [];
  const registry = createHttps({ key: readFileSync(join(folder, "key")), cert: pem }, (request, response) => {
    authorizations.push(request.headers["proxy-authorization"]);
    response.writeHead(200, { "content-length": 0 }).end();
  });
  const port = await listening(registry);
  const seen: string[] = [];
  const proxy = proxyTo(() => port, seen);
  const address = `http://user:p%40ss@127.0.0.1:${await listening(proxy)}`;
  try {
    await using net = new Registries({ proxies: { https: address, no: "direct.invalid" }, extraCa: [pem], retries: 0 });
    await net.ping("reg.test");
    await net.ping("reg.test");
    expect([...new Set(seen)]).toEqual([`CONNECT reg.test:443 Basic ${btoa("user:p@ss")}`]);
    expect(authorizations).toEqual([undefined, undefined]);
    const before = seen.length;
    expect(await failure(net.ping("direct.invalid"))).toMatchObject({ code: "UNREACHABLE" });
    expect(seen).toHaveLength(before);
  } finally {
    for (const server of [proxy, registry]) {
      server.closeAllConnections();
      server.close();
    }
  }
});

test("plain HTTP is asked of the proxy in full, and falls back from HTTPS for an insecure host", async () => {
  const registry = createHttp((_, response) => response.writeHead(200, { "content-length": 0 }).end());
  const port = await listening(registry);
  const seen: string[] = [];
  const proxy = proxyTo(() => port, seen);
  const address = `http://127.0.0.1:${await listening(proxy)}`;
  try {
    await using net = new Registries({ proxies: { http: address, https: address }, insecureHosts: ["reg.test:5000"], retries: 0 });
    await net.ping("reg.test:5000");
    expect(seen.at(-1)).toBe("GET http://reg.test:5000/v2/ -");
  } finally {
    for (const server of [proxy, registry]) {
      server.closeAllConnections();
      server.close();
    }
  }
});

test("a proxy that does not answer is named, without its password", async () => {
  const closed = createHttp();
  const port = await listening(closed);
  await new Promise((resolve) => closed.close(resolve));
  const address = `http://user:secret-word@127.0.0.1:${port}`;
  await using net = new Registries({ proxies: { http: address, https: address }, retries: 0 });
  const error = await failure(net.ping("reg.test"));
  expect([error.code, error.hint]).toEqual(["UNREACHABLE", expect.stringContaining(`proxy 127.0.0.1:${port}`)]);
  expect(JSON.stringify([error.message, error.hint])).not.toContain("secret-word");
});

test("a login notes a token service, and only a login", async () => {
  const path = join(folder, "deep", "realms.json");
  const login = await RealmFile.open(path, ["reg.test"]);
  expect(login.accept("other.test", "https://x.test")).toBe(false);
  expect(login.accept("reg.test", "https://tokens.test")).toBe(true);
  await login.save();
  const later = await RealmFile.open(path);
  expect(later.get("reg.test")).toBe("https://tokens.test");
  expect(later.accept("reg.test", "https://elsewhere.test")).toBe(false);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ realms: { "reg.test": "https://tokens.test" } });
});
