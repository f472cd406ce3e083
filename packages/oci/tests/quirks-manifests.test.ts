import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { digestOf, MEDIA_TYPES } from "../src/index.ts";
import { failure, path, play, sampleManifest } from "./quirk-bench.ts";
import type { Reply } from "./scripted-server.ts";

const manifest = sampleManifest();
const digest = manifest.digest;
const HEAD = { method: "HEAD", path: path("manifests/v1") } as const;
const GET = { method: "GET", path: path("manifests/v1") } as const;
const full: Reply = { headers: { "Content-Type": manifest.mediaType }, body: manifest.bytes };
const described = { "Content-Type": manifest.mediaType, "Content-Length": String(manifest.bytes.length) };

describe("manifests", () => {
  test("a tag costs one HEAD, which asks for every type at once", () =>
    play(
      [
        {
          ...HEAD,
          headers: {
            accept: /oci\.image\.index.*manifest\.list\.v2.*oci\.image\.manifest.*manifest\.v2.*prettyjws/,
            "accept-encoding": "identity",
          },
          reply: { headers: { ...described, "Docker-Content-Digest": digest } },
        },
      ],
      async ({ net, server, at }) => {
        expect(await net.reader(server.host).resolve(at, "v1")).toEqual(manifest.descriptor);
        expect(net.requests()).toEqual({ [server.host]: { HEAD: 1 } });
      },
    ));

  const poorHeads: readonly [string, Reply][] = [
    ["Nexus proxy: HEAD without digest", { headers: described }],
    [
      "Artifactory proxy: HEAD with a generic type",
      { headers: { ...described, "Content-Type": "application/json", "Docker-Content-Digest": digest } },
    ],
    ["a HEAD without length", { headers: { "Content-Type": manifest.mediaType, "Docker-Content-Digest": digest, "Content-Length": "0" } }],
    ["a digest header that is none", { headers: { ...described, "Docker-Content-Digest": "sha256:../../etc" } }],
    ["HEAD refused with 405", { status: 405 }],
    ["HEAD answered 501", { status: 501 }],
    ["HEAD answered 400", { status: 400 }],
  ];
  test.each(poorHeads)("%s costs the GET", (_, reply) =>
    play(
      [
        { ...HEAD, reply },
        { ...GET, reply: full },
      ],
      async ({ net, server, at }) => {
        expect(await net.reader(server.host).resolve(at, "v1")).toEqual(manifest.descriptor);
      },
    ),
  );

  test("a registry that refuses HEAD is not asked again", () =>
    play(
      [
        { ...HEAD, reply: { status: 405 } },
        { ...GET, reply: full, times: 2 },
      ],
      async ({ net, server, at }) => {
        await net.reader(server.host).resolve(at, "v1");
        await net.reader(server.host).resolve(at, "v1");
      },
    ));

  test("a server that sends a body after HEAD spoils its connection, not the next answer", () =>
    play(
      [
        {
          ...HEAD,
          reply: {
            headers: { "Content-Type": manifest.mediaType, "Docker-Content-Digest": digest },
            body: manifest.bytes,
            bodyAfterHead: true,
          },
          times: 20,
        },
      ],
      async ({ net, server, at }) => {
        const reader = net.reader(server.host);
        for (let turn = 0; turn < 20; turn++) expect((await reader.resolve(at, "v1"))?.digest).toBe(digest);
      },
    ));

  test("HEAD says 404: not there, no GET", () =>
    play([{ ...HEAD, reply: { status: 404 } }], async ({ net, server, at }) => {
      expect(await net.reader(server.host).resolve(at, "v1")).toBeUndefined();
    }));

  const types: readonly [string, string | undefined][] = [
    ["text/plain", "text/plain"],
    ["no type at all", undefined],
    ["application/json; charset=utf-8", "application/json; charset=utf-8"],
  ];
  test.each(types)("a body of type %s is told by its own words", (_, type) =>
    play(
      [
        {
          method: "GET",
          path: path(`manifests/${digest}`),
          reply: { ...(type === undefined ? {} : { headers: { "Content-Type": type } }), body: manifest.bytes },
        },
      ],
      async ({ net, server, at }) => {
        expect((await net.reader(server.host).manifest(at, manifest.descriptor)).mediaType).toBe(MEDIA_TYPES.ociManifest);
      },
    ),
  );

  test("the type with parameters is taken without them", () =>
    play(
      [
        {
          method: "GET",
          path: path(`manifests/${digest}`),
          reply: { headers: { "Content-Type": `${manifest.mediaType}; charset=utf-8` }, body: manifest.bytes },
        },
      ],
      async ({ net, server, at }) => {
        expect((await net.reader(server.host).manifest(at, manifest.descriptor)).mediaType).toBe(manifest.mediaType);
      },
    ));

  test("by digest the body is hashed, whatever the header claims (rewriting proxies)", () =>
    play(
      [
        {
          method: "GET",
          path: path(`manifests/${digest}`),
          reply: {
            headers: { "Content-Type": manifest.mediaType, "Docker-Content-Digest": digest },
            body: Buffer.concat([manifest.bytes, Buffer.from(" ")]),
          },
        },
      ],
      async ({ net, server, at }) => {
        expect(await failure(net.reader(server.host).manifest(at, manifest.descriptor))).toMatchObject({ code: "DIGEST_MISMATCH" });
      },
    ));

  test("a wrong digest header does no harm when the body is right", () =>
    play(
      [
        {
          method: "GET",
          path: path(`manifests/${digest}`),
          reply: {
            headers: { "Content-Type": manifest.mediaType, "Docker-Content-Digest": digestOf(Buffer.from("other")) },
            body: manifest.bytes,
          },
        },
      ],
      async ({ net, server, at }) => {
        expect((await net.reader(server.host).manifest(at, manifest.descriptor)).digest).toBe(digest);
      },
    ));

  test("sha512 digests are verified as such", () => {
    const sha512 = digestOf(manifest.bytes, "sha512");
    return play([{ method: "GET", path: path(`manifests/${sha512}`), reply: full }], async ({ net, server, at }) => {
      expect((await net.reader(server.host).manifest(at, { ...manifest.descriptor, digest: sha512 })).digest).toBe(sha512);
    });
  });

  test("a body in gzip though identity was asked for is damage, not content", () =>
    play(
      [
        {
          method: "GET",
          path: path(`manifests/${digest}`),
          reply: { headers: { "Content-Type": manifest.mediaType, "Content-Encoding": "gzip" }, body: gzipSync(manifest.bytes) },
        },
      ],
      async ({ net, server, at }) => {
        expect(await failure(net.reader(server.host).manifest(at, manifest.descriptor))).toMatchObject({ code: "DIGEST_MISMATCH" });
      },
    ));

  test.each([
    ["announced", { headers: { "Content-Type": manifest.mediaType }, body: "", contentLength: 40_000_000, stallAfter: 0 }],
    ["sent without length", { headers: { "Content-Type": manifest.mediaType }, body: Buffer.alloc(34_000_000, 32), contentLength: "none" }],
  ] satisfies [string, Reply][])("a huge manifest, %s, is refused before memory is", (_, reply) =>
    play([{ method: "GET", path: path(`manifests/${digest}`), reply }], async ({ net, server, at }) => {
      expect(await failure(net.reader(server.host).manifest(at, manifest.descriptor))).toMatchObject({ code: "MANIFEST_TOO_LARGE" });
    }),
  );

  test("a manifest that is not there is NOT_FOUND with the registry's word for it", () =>
    play([{ method: "GET", path: path(`manifests/${digest}`), reply: { status: 404 } }], async ({ net, server, at }) => {
      expect(await failure(net.reader(server.host).manifest(at, manifest.descriptor))).toMatchObject({
        code: "NOT_FOUND",
        registryCode: "MANIFEST_UNKNOWN",
      });
    }));

  test("Harbor: an error page with control characters reaches the message without them", () =>
    play(
      [
        { ...GET, method: "HEAD", reply: { status: 400 } },
        {
          ...GET,
          reply: {
            status: 400,
            body: JSON.stringify({ errors: [{ code: "X", message: "\u001b[31mred\u0007 https://u:p@h/?token=abc" }] }),
          },
        },
      ],
      async ({ net, server, at }) => {
        const error = await failure(net.reader(server.host).resolve(at, "v1"));
        expect(error.message).not.toMatch(/[\u0000-\u001f]/);
        expect(error.message).not.toContain("u:p@");
        expect(error.message).not.toContain("abc");
      },
    ));
});
