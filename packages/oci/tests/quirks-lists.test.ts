import { describe, expect, test } from "vitest";
import { digestOf, MEDIA_TYPES } from "../src/index.ts";
import { failure, path, play, sampleManifest } from "./quirk-bench.ts";
import type { Reply } from "./scripted-server.ts";

const manifest = sampleManifest();
const digest = manifest.digest;
const full: Reply = { headers: { "Content-Type": manifest.mediaType }, body: manifest.bytes };

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

  test("docker-registry: a path it does not know is asked for once, a missing thing of the registry's each time", () =>
    play(
      [
        { ...api, reply: { status: 404, headers: { "Content-Type": "application/json" }, body: '{"errors":[{"code":"NAME_UNKNOWN"}]}' } },
        { ...tag, reply: good },
        { ...api, reply: { status: 404, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: "404 page not found\n" } },
        { ...tag, reply: good },
        { ...tag, reply: good },
      ],
      async ({ net, server, at }) => {
        for (let turn = 0; turn < 3; turn++) expect(await Array.fromAsync(net.reader(server.host).referrers(at, digest))).toHaveLength(1);
      },
    ));

  test("a tag that the caller knows to be missing is not asked for", () =>
    play(
      [
        { ...api, reply: { status: 404 } },
        { ...api, reply: { status: 404 } },
        { ...tag, reply: good },
      ],
      async ({ net, server, at }) => {
        const reader = net.reader(server.host);
        expect(await Array.fromAsync(reader.referrers(at, digest, { tags: new Set() }))).toEqual([]);
        expect(await Array.fromAsync(reader.referrers(at, digest, { tags: new Set([`sha256-${digest.slice(7)}`]) }))).toHaveLength(1);
      },
    ));

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
