import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { digestOf, MEDIA_TYPES } from "../src/index.ts";
import { collect, failure, path, play, sampleBlob, sampleManifest } from "./quirk-bench.ts";
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
          reply: { headers: { "Content-Type": manifest.mediaType, "Docker-Content-Digest": digest }, body: `${manifest.bytes} ` },
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

describe("blobs", () => {
  const blob = sampleBlob(5000);
  const step = { method: "GET", path: path(`blobs/${blob.descriptor.digest}`) } as const;
  const rest = (from: number): Reply => ({
    status: 206,
    headers: { "Content-Range": `bytes ${from}-4999/5000` },
    body: blob.bytes.subarray(from),
  });

  test("a whole blob is one request without Range", () =>
    play([{ ...step, headers: { range: undefined }, reply: { body: blob.bytes } }], async ({ net, server, at }) => {
      expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(0))).toEqual(blob.bytes);
    }));

  test("from an offset it is asked for by Range", () =>
    play([{ ...step, headers: { range: "bytes=1000-" }, reply: rest(1000) }], async ({ net, server, at }) => {
      expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(1000))).toEqual(blob.bytes.subarray(1000));
    }));

  test("a server that ignores Range and answers 200 is read from where we want", () =>
    play([{ ...step, headers: { range: "bytes=1000-" }, reply: { body: blob.bytes } }], async ({ net, server, at }) => {
      expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(1000))).toEqual(blob.bytes.subarray(1000));
    }));

  test.each([
    ["reset", { body: blob.bytes, resetAfter: 2000 }],
    ["closed with bytes missing", { body: blob.bytes, closeAfter: 2000 }],
    ["short without a length (truncated by a proxy)", { body: blob.bytes.subarray(0, 2000), contentLength: "none" }],
    ["short with a wrong length", { body: blob.bytes.subarray(0, 2000) }],
  ] satisfies [string, Reply][])("a connection %s is continued by Range, unnoticed", (_, reply) =>
    play(
      [
        { ...step, reply: { ...reply, headers: { ETag: '"strong"' } } },
        { ...step, headers: { range: "bytes=2000-", "if-range": '"strong"' }, reply: rest(2000) },
      ],
      async ({ net, server, at }) => {
        expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(0))).toEqual(blob.bytes);
        expect(net.retries()).toBe(1);
      },
    ),
  );

  test("a weak ETag is no proof: no If-Range", () =>
    play(
      [
        { ...step, reply: { body: blob.bytes, closeAfter: 2000, headers: { ETag: 'W/"weak"' } } },
        { ...step, headers: { range: "bytes=2000-", "if-range": undefined }, reply: rest(2000) },
      ],
      async ({ net, server, at }) => {
        expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(0))).toEqual(blob.bytes);
      },
    ));

  test("a continuation that starts elsewhere is refused", () =>
    play(
      [
        { ...step, reply: { body: blob.bytes, closeAfter: 2000 } },
        { ...step, reply: rest(1000) },
      ],
      async ({ net, server, at }) => {
        expect(await failure(collect(net.reader(server.host).blob(at, blob.descriptor).open(0)))).toMatchObject({ code: "PROTOCOL_ERROR" });
      },
    ));

  test("416 on a continuation ends in an error that names it", () =>
    play(
      [
        { ...step, reply: { body: blob.bytes, closeAfter: 2000 } },
        { ...step, reply: { status: 416 } },
      ],
      async ({ net, server, at }) => {
        expect(await failure(collect(net.reader(server.host).blob(at, blob.descriptor).open(0)))).toMatchObject({ status: 416 });
      },
    ));

  test("a stalled transfer is broken off by bytes and continued", () =>
    play(
      [
        { ...step, reply: { body: blob.bytes, stallAfter: 2000 } },
        { ...step, headers: { range: "bytes=2000-" }, reply: rest(2000) },
      ],
      async ({ net, server, at }) => {
        expect(await collect(net.reader(server.host).blob(at, blob.descriptor).open(0))).toEqual(blob.bytes);
      },
      { stallTimeoutMs: 150 },
    ));

  test("a slow drip is no stall, however long it takes in all", () => {
    const slow = sampleBlob(60);
    return play(
      [{ method: "GET", path: path(`blobs/${slow.descriptor.digest}`), reply: { body: slow.bytes, dripMs: 10 } }],
      async ({ net, server, at }) => {
        expect(await collect(net.reader(server.host).blob(at, slow.descriptor).open(0))).toEqual(slow.bytes);
        expect(net.retries()).toBe(0);
      },
      { stallTimeoutMs: 300 },
    );
  });

  test("a slow consumer is no stall either", () =>
    play(
      [{ ...step, reply: { body: blob.bytes } }],
      async ({ net, server, at }) => {
        for await (const _ of net.reader(server.host).blob(at, blob.descriptor).open(0))
          await new Promise((resolve) => setTimeout(resolve, 300));
        expect(net.retries()).toBe(0);
      },
      { stallTimeoutMs: 100 },
    ));

  test("a registry that gives no byte at all is given up after its tries", () =>
    play(
      [{ ...step, reply: { body: blob.bytes, resetAfter: 0 }, times: 3 }],
      async ({ net, server, at }) => {
        expect(await failure(collect(net.reader(server.host).blob(at, blob.descriptor).open(0)))).toMatchObject({ code: "UNREACHABLE" });
      },
      { retries: 2 },
    ));

  test("a blob that is not there is NOT_FOUND", () =>
    play([{ ...step, reply: { status: 404 } }], async ({ net, server, at }) => {
      expect(await failure(collect(net.reader(server.host).blob(at, blob.descriptor).open(0)))).toMatchObject({ code: "NOT_FOUND" });
    }));

  test("a blob longer than promised is not passed off as the blob", () =>
    play([{ ...step, reply: { body: Buffer.concat([blob.bytes, blob.bytes]) } }], async ({ net, server, at }) => {
      expect(await failure(collect(net.reader(server.host).blob(at, blob.descriptor).open(0)))).toMatchObject({ code: "SIZE_MISMATCH" });
    }));
});

describe("lists", () => {
  const list = path("tags/list");
  test.each([
    ["relative Link", '</v2/org/app/tags/list?n=2&last=b>; rel="next"'],
    ["absolute Link with another scheme (proxy)", '<https://HOST/v2/org/app/tags/list?n=2&last=b>; rel="next"'],
    ["Link without quotes", "</v2/org/app/tags/list?n=2&last=b>; rel=next"],
    ["Link with another relation beside it", '</first>; rel="first", </v2/org/app/tags/list?n=2&last=b>; rel="next"'],
    ["Link relative to the list", '<list?n=2&last=b>; rel="next"'],
  ])("tags follow a %s", (_, link) =>
    play(
      [
        {
          method: "GET",
          path: `${list}?n=1000`,
          reply: (_request, server) => ({ headers: { Link: link.replace("HOST", server.host) }, body: '{"tags":["a","b"]}' }),
        },
        { method: "GET", path: `${list}?n=2&last=b`, reply: { body: '{"tags":["b","c"]}' } },
      ],
      async ({ net, server, at }) => {
        expect(await Array.fromAsync(net.reader(server.host).tags(at))).toEqual(["a", "b", "c"]);
      },
    ),
  );

  test.each([
    ["tags: null (Harbor, empty repository)", { body: '{"name":"org/app","tags":null}' }],
    ["a missing repository", { status: 404 }],
    ["names that are none", { body: '{"tags":["../x",7,"\\u001b[0m"]}' }],
  ] satisfies [string, Reply][])("%s is an empty list", (_, reply) =>
    play([{ method: "GET", path: `${list}?n=1000`, reply }], async ({ net, server, at }) => {
      expect(await Array.fromAsync(net.reader(server.host).tags(at))).toEqual([]);
    }),
  );

  test("pages in a circle end in an error", () =>
    play(
      [{ method: "GET", path: `${list}?n=1000`, reply: { headers: { Link: `<${list}?n=1000>; rel="next"` }, body: '{"tags":["a"]}' } }],
      async ({ net, server, at }) => {
        expect(await failure(Array.fromAsync(net.reader(server.host).tags(at)))).toMatchObject({ code: "PROTOCOL_ERROR" });
      },
    ));

  test("repositories come from _catalog, page by page", () =>
    play(
      [
        {
          method: "GET",
          path: "/v2/_catalog?n=1000",
          reply: { headers: { Link: '</v2/_catalog?n=1&last=a>; rel="next"' }, body: '{"repositories":["a"]}' },
        },
        { method: "GET", path: "/v2/_catalog?n=1&last=a", reply: { body: '{"repositories":["b/c"]}' } },
      ],
      async ({ net, server }) => {
        expect(await Array.fromAsync(net.reader(server.host).repositories())).toEqual(["a", "b/c"]);
      },
    ));
});

describe("referrers", () => {
  const entry = {
    mediaType: MEDIA_TYPES.ociManifest,
    digest: digestOf(Buffer.from("r")),
    size: 1,
    artifactType: "application/x",
    annotations: { k: "v" },
  };
  const index = JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [entry] });
  const api = { method: "GET", path: path(`referrers/${digest}`) } as const;
  const tag = { method: "GET", path: path(`manifests/sha256-${digest.slice(7)}`) } as const;
  const good: Reply = { headers: { "Content-Type": MEDIA_TYPES.ociIndex }, body: index };

  test("by API", () =>
    play([{ ...api, reply: good }], async ({ net, server, at }) => {
      expect(await Array.fromAsync(net.reader(server.host).referrers(at, digest))).toEqual([
        expect.objectContaining({ digest: entry.digest, artifactType: "application/x" }),
      ]);
    }));

  test.each([
    ["GitLab: 404", { status: 404 }],
    ["ECR: 405", { status: 405 }],
    ["a page of HTML with 200", { headers: { "Content-Type": "text/html" }, body: "<html>" }],
    ["JSON of another kind", { headers: { "Content-Type": "application/json" }, body: '{"errors":[]}' }],
  ] satisfies [string, Reply][])("%s falls back to the tag", (_, reply) =>
    play(
      [
        { ...api, reply },
        { ...tag, reply: good },
      ],
      async ({ net, server, at }) => {
        expect(await Array.fromAsync(net.reader(server.host).referrers(at, digest))).toHaveLength(1);
      },
    ),
  );

  test("a fallback tag that holds an image (oc-mirror's digest tag) lists nothing", () =>
    play(
      [
        { ...api, reply: { status: 404 } },
        { ...tag, reply: full },
      ],
      async ({ net, server, at }) => {
        expect(await Array.fromAsync(net.reader(server.host).referrers(at, digest))).toEqual([]);
      },
    ));
});
