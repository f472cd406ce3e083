import { describe, expect, test } from "vitest";
import type { CredentialSource } from "../src/index.ts";
import { failure, path, play, sampleManifest, USER } from "./quirk-bench.ts";
import type { Reply, ScriptedServer, SeenRequest, Step } from "./scripted-server.ts";

const manifest = sampleManifest();
const found: Reply = {
  headers: {
    "Content-Type": manifest.mediaType,
    "Docker-Content-Digest": manifest.digest,
    "Content-Length": String(manifest.bytes.length),
  },
};
const HEAD = { method: "HEAD", path: path("manifests/v1") } as const;

function challenge(...headers: string[]): (request: SeenRequest, server: ScriptedServer) => Reply {
  return (_, server) => ({ status: 401, headers: { "WWW-Authenticate": headers.map((text) => text.replaceAll("HOST", server.host)) } });
}

function token(value: object, status = 200): Reply {
  return { status, headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
}

const bearer = challenge('Bearer realm="http://HOST/token",service="reg",scope="repository:org/app:pull"');
const asUser: CredentialSource = USER;

describe("challenges", () => {
  test("Docker Hub: a Bearer challenge leads to one token, with account and Basic on that request only", () =>
    play(
      [
        { ...HEAD, headers: { authorization: undefined }, reply: bearer },
        {
          method: "GET",
          path: "/token?service=reg&scope=repository%3Aorg%2Fapp%3Apull&account=user&client_id=skerry",
          headers: { authorization: /^Basic / },
          reply: token({ token: "t1", expires_in: 300 }),
        },
        { ...HEAD, headers: { authorization: "Bearer t1" }, reply: found },
        { ...HEAD, headers: { authorization: "Bearer t1" }, reply: found },
      ],
      async ({ net, server, at }) => {
        expect((await net.reader(server.host).resolve(at, "v1"))?.digest).toBe(manifest.digest);
        expect((await net.reader(server.host).resolve(at, "v1"))?.digest).toBe(manifest.digest);
      },
      { credentials: asUser },
    ));

  test.each([
    ["Harbor: Basic and Bearer in two headers, Bearer wins", ['Basic realm="Registry"', 'Bearer realm="http://HOST/token",service="reg"']],
    ["IIS in front: Negotiate, NTLM and Bearer in one header", ['Negotiate, NTLM, Bearer realm="http://HOST/token",service="reg"']],
    ["Negotiate with a blob before Bearer", ['Negotiate oYG1abcd==, Bearer service="reg", realm="http://HOST/token"']],
    ["bare parameters", ["Bearer realm=http://HOST/token,service=reg"]],
    ["a relative realm (Nexus behind a proxy)", ['Bearer realm="/token", service="reg"']],
    ["odd case and blanks", ['BEARER  Realm = "http://HOST/token" ,  Service = "reg"']],
  ])("%s", (_, headers) =>
    play(
      [
        { ...HEAD, reply: challenge(...headers) },
        { method: "GET", path: /^\/token\?service=reg&scope=repository%3Aorg%2Fapp%3Apull$/, reply: token({ access_token: "t2" }) },
        { ...HEAD, headers: { authorization: "Bearer t2" }, reply: found },
      ],
      async ({ net, server, at }) => {
        expect(await net.reader(server.host).resolve(at, "v1")).toBeDefined();
      },
    ),
  );

  test("ECR: Basic alone", () =>
    play(
      [
        { ...HEAD, reply: challenge('Basic realm="https://ecr.example/",service="ecr"') },
        { ...HEAD, headers: { authorization: `Basic ${btoa("user:secret-word")}` }, reply: found },
      ],
      async ({ net, server, at }) => {
        expect(await net.reader(server.host).resolve(at, "v1")).toBeDefined();
      },
      { credentials: asUser },
    ));

  test("a refused Basic password is asked once, and named without itself", () =>
    play(
      [
        { ...HEAD, reply: challenge('Basic realm="r"') },
        { ...HEAD, headers: { authorization: /^Basic/ }, reply: challenge('Basic realm="r"') },
      ],
      async ({ net, server, at }) => {
        const error = await failure(net.reader(server.host).resolve(at, "v1"));
        expect(error).toMatchObject({ code: "UNAUTHORIZED", status: 401, host: server.host, tries: 1 });
        expect(JSON.stringify([error.message, error.hint])).not.toContain("secret-word");
      },
      { credentials: asUser },
    ));

  test("/v2/ answers 200 but the resource challenges (Artifactory)", () =>
    play(
      [
        { method: "GET", path: "/v2/", reply: {} },
        { ...HEAD, reply: bearer },
        { method: "GET", path: /^\/token/, reply: token({ token: "t" }) },
        { ...HEAD, headers: { authorization: "Bearer t" }, reply: found },
      ],
      async ({ net, server, at }) => {
        await net.ping(server.host);
        expect(await net.reader(server.host).resolve(at, "v1")).toBeDefined();
      },
    ));
});

describe("scopes of a target", () => {
  const HEAD_BLOB = { method: "HEAD", path: path(`blobs/${manifest.digest}`) } as const;
  const blob = { ...manifest.descriptor, mediaType: "application/octet-stream" };

  test("look and push share one token", () =>
    play(
      [
        { ...HEAD_BLOB, reply: bearer },
        { method: "GET", path: "/token?service=reg&scope=repository%3Aorg%2Fapp%3Apull%2Cpush", reply: token({ token: "p" }) },
        { ...HEAD_BLOB, headers: { authorization: "Bearer p" }, reply: { status: 404 } },
        {
          method: "POST",
          path: path("blobs/uploads/"),
          headers: { authorization: "Bearer p" },
          reply: { status: 202, headers: { Location: "/u" } },
        },
      ],
      async ({ net, server, at }) => {
        expect(await net.writer(server.host).has(at, blob)).toBe(false);
        await net.writer(server.host).begin(at, blob);
      },
    ));

  test("an account that may only read still may look", () =>
    play(
      [
        { ...HEAD_BLOB, reply: bearer },
        { method: "GET", path: /pull%2Cpush/, reply: { status: 403 } },
        { method: "GET", path: "/token?service=reg&scope=repository%3Aorg%2Fapp%3Apull", reply: token({ token: "r" }) },
        { ...HEAD_BLOB, headers: { authorization: "Bearer r" }, reply: {} },
      ],
      async ({ net, server, at }) => {
        expect(await net.writer(server.host).has(at, blob)).toBe(true);
      },
    ));
});

describe("mount scopes", () => {
  const mount: Pick<Step, "method" | "path"> = { method: "POST", path: /^\/v2\/org\/app\/blobs\/uploads\/\?mount=sha256/ };
  test("one token for target and source, the target first", () =>
    play(
      [
        { ...mount, reply: challenge('Bearer realm="http://HOST/token",service="reg"') },
        {
          method: "GET",
          path: "/token?service=reg&scope=repository%3Aorg%2Fapp%3Apull%2Cpush&scope=repository%3Aorg%2Fbase%3Apull",
          reply: token({ token: "m" }),
        },
        { ...mount, headers: { authorization: "Bearer m" }, reply: { status: 201 } },
      ],
      async ({ net, server, at }) => {
        expect(await net.writer(server.host).mount(at, manifest.descriptor, { repository: "org/base" })).toBe(true);
      },
    ));

  test("cgr.dev: a refused combined token means no mount, and the upload asks without the source", () =>
    play(
      [
        { ...mount, reply: challenge('Bearer realm="http://HOST/token",service="reg"') },
        { method: "GET", path: /org%2Fbase/, reply: { status: 403 } },
        { method: "GET", path: "/token?service=reg&scope=repository%3Aorg%2Fapp%3Apull%2Cpush", reply: token({ token: "p" }) },
        {
          method: "POST",
          path: path("blobs/uploads/"),
          headers: { authorization: "Bearer p" },
          reply: { status: 202, headers: { Location: "/u/1" } },
        },
        { method: "DELETE", path: "/u/1", reply: { status: 204 } },
      ],
      async ({ net, server, at }) => {
        const writer = net.writer(server.host);
        expect(await writer.mount(at, manifest.descriptor, { repository: "org/base" })).toBe(false);
        await (await writer.begin(at, manifest.descriptor)).drop();
      },
    ));
});
