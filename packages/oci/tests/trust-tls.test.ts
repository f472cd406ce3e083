import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Registries } from "../src/index.ts";
import { failure, QuickClock } from "./quirk-bench.ts";
import { ScriptedServer } from "./scripted-server.ts";

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
