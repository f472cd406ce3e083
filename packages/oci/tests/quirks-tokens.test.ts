import { describe, expect, test } from "vitest";
import type { CredentialSource } from "../src/index.ts";
import { failure, path, play, sampleManifest, USER } from "./quirk-bench.ts";
import type { Reply, ScriptedServer, SeenRequest } from "./scripted-server.ts";

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

describe("tokens", () => {
  test("parallel requests share the first refusal and one token", () =>
    play(
      [
        { ...HEAD, reply: bearer },
        { method: "GET", path: /^\/token/, reply: token({ token: "t" }) },
        { ...HEAD, headers: { authorization: "Bearer t" }, reply: found, times: 10 },
      ],
      async ({ net, server, at }) => {
        const reader = net.reader(server.host);
        await Promise.all(Array.from({ length: 10 }, () => reader.resolve(at, "v1")));
      },
    ));

  test("a token without expiry lives 60 s, counted from receipt (issued_at is ignored)", () =>
    play(
      [
        { ...HEAD, reply: bearer },
        { method: "GET", path: /^\/token/, reply: token({ token: "t1", issued_at: "2001-01-01T00:00:00Z" }) },
        { ...HEAD, headers: { authorization: "Bearer t1" }, reply: found, times: 2 },
        { method: "GET", path: /^\/token/, reply: token({ token: "t2" }) },
        { ...HEAD, headers: { authorization: "Bearer t2" }, reply: found },
      ],
      async ({ net, server, at, clock }) => {
        const reader = net.reader(server.host);
        await reader.resolve(at, "v1");
        await clock.sleep(30_000);
        await reader.resolve(at, "v1");
        await clock.sleep(40_000);
        await reader.resolve(at, "v1");
      },
    ));

  test("an expired token is renewed once after 401 (clock skew), the request replayed", () =>
    play(
      [
        { ...HEAD, reply: bearer },
        { method: "GET", path: /^\/token/, reply: token({ token: "t1", expires_in: 3600 }) },
        { ...HEAD, headers: { authorization: "Bearer t1" }, reply: found },
        { ...HEAD, headers: { authorization: "Bearer t1" }, reply: bearer },
        { method: "GET", path: /^\/token/, reply: token({ token: "t2", expires_in: 3600 }) },
        { ...HEAD, headers: { authorization: "Bearer t2" }, reply: found },
      ],
      async ({ net, server, at }) => {
        await net.reader(server.host).resolve(at, "v1");
        expect(await net.reader(server.host).resolve(at, "v1")).toBeDefined();
      },
    ));

  test("insufficient_scope: the challenge's scope is asked for, before ours (pull-through proxies)", () =>
    play(
      [
        { ...HEAD, reply: bearer },
        { method: "GET", path: /^\/token/, reply: token({ token: "t1" }) },
        {
          ...HEAD,
          headers: { authorization: "Bearer t1" },
          reply: challenge('Bearer realm="http://HOST/token",service="reg",scope="repository:mirror/app:pull",error="insufficient_scope"'),
        },
        {
          method: "GET",
          path: "/token?service=reg&scope=repository%3Amirror%2Fapp%3Apull&scope=repository%3Aorg%2Fapp%3Apull",
          reply: token({ token: "t2" }),
        },
        { ...HEAD, headers: { authorization: "Bearer t2" }, reply: found },
      ],
      async ({ net, server, at }) => {
        expect(await net.reader(server.host).resolve(at, "v1")).toBeDefined();
      },
    ));

  test("a fresh token that is refused for its own scope is not fetched again", () =>
    play(
      [
        { ...HEAD, reply: bearer },
        { method: "GET", path: /^\/token/, reply: token({ token: "t1" }) },
        { ...HEAD, headers: { authorization: "Bearer t1" }, reply: bearer },
      ],
      async ({ net, server, at }) => {
        expect(await failure(net.reader(server.host).resolve(at, "v1"))).toMatchObject({ code: "UNAUTHORIZED" });
      },
    ));

  test("ACR: an identity token goes by POST", () =>
    play(
      [
        { ...HEAD, reply: bearer },
        {
          method: "POST",
          path: "/token",
          reply: (request) => {
            const form = new URLSearchParams(request.body.toString());
            expect(form.get("grant_type")).toBe("refresh_token");
            expect(form.get("refresh_token")).toBe("id-token");
            return token({ access_token: "t", expires_in: 3600 });
          },
        },
        { ...HEAD, headers: { authorization: "Bearer t" }, reply: found },
      ],
      async ({ net, server, at }) => {
        expect(await net.reader(server.host).resolve(at, "v1")).toBeDefined();
      },
      { credentials: { find: () => Promise.resolve({ kind: "identity", username: "", token: "id-token" }) } },
    ));

  test.each([404, 405])("an identity token falls back to GET where POST answers %i", (status) =>
    play(
      [
        { ...HEAD, reply: bearer },
        { method: "POST", path: "/token", reply: { status } },
        { method: "GET", path: /^\/token\?/, headers: { authorization: /^Basic / }, reply: token({ token: "t" }) },
        { ...HEAD, headers: { authorization: "Bearer t" }, reply: found },
      ],
      async ({ net, server, at }) => {
        expect(await net.reader(server.host).resolve(at, "v1")).toBeDefined();
      },
      { credentials: { find: () => Promise.resolve({ kind: "identity", username: "u", token: "id-token" }) } },
    ),
  );

  const refused: readonly [string, Reply][] = [
    ["an answer without token", token({ hello: 1 })],
    ["a token with a line break in it", token({ token: "a\nb" })],
    ["a page of HTML", { body: "<html>" }],
    ["a huge token (over 256 KiB)", token({ token: "x".repeat(300_000) })],
  ];
  test.each(refused)("a token service that sends %s is a fault, not a hang", (_, reply) =>
    play(
      [
        { ...HEAD, reply: bearer },
        { method: "GET", path: /^\/token/, reply },
      ],
      async ({ net, server, at }) => {
        expect(["PROTOCOL_ERROR", "TOO_LARGE"]).toContain((await failure(net.reader(server.host).resolve(at, "v1"))).code);
      },
    ),
  );

  test("a wrong password at the token service is UNAUTHORIZED and not tried again", () =>
    play(
      [
        { ...HEAD, reply: bearer },
        { method: "GET", path: /^\/token/, reply: { status: 401, body: '{"details":"incorrect username or password"}' } },
      ],
      async ({ net, server, at }) => {
        const error = await failure(net.reader(server.host).resolve(at, "v1"));
        expect(error).toMatchObject({ code: "UNAUTHORIZED", tries: 1 });
        expect(error.message).toContain("incorrect username or password");
      },
      { credentials: asUser },
    ));

  test("a busy token service is retried by one policy, not by two nested ones", () =>
    play(
      [
        { ...HEAD, reply: bearer },
        { method: "GET", path: /^\/token/, reply: { status: 503 }, times: 3 },
      ],
      async ({ net, server, at }) => {
        expect(await failure(net.reader(server.host).resolve(at, "v1"))).toMatchObject({ code: "SERVER_ERROR", tries: 3 });
      },
      { retries: 2 },
    ));

  test("GHCR: 403 for a private repository says that it may not exist", () =>
    play(
      [
        { ...HEAD, reply: { status: 403 } },
        { method: "GET", path: path("manifests/v1"), reply: { status: 403, body: '{"errors":[{"code":"DENIED","message":"denied"}]}' } },
      ],
      async ({ net, server, at }) => {
        const error = await failure(net.reader(server.host).resolve(at, "v1"));
        expect(error).toMatchObject({ code: "DENIED", status: 403, registryCode: "DENIED" });
        expect(error.hint).toContain("exists");
      },
    ));
});
