import { describe, expect, test } from "vitest";
import { digestOf, isTransient, type ManifestBytes, MEDIA_TYPES } from "../src/index.ts";
import { bodyOf, failure, path, play, sampleBlob, sampleManifest } from "./quirk-bench.ts";
import type { Reply, ScriptedServer, SeenRequest } from "./scripted-server.ts";

const blob = sampleBlob(3000);
const { descriptor } = blob;
const POST = { method: "POST", path: path("blobs/uploads/") } as const;
const escaped = encodeURIComponent(descriptor.digest);

function at(location: string): (request: SeenRequest, server: ScriptedServer) => Reply {
  return (_, server) => ({ status: 202, headers: { Location: location.replaceAll("HOST", server.host) } });
}

describe("uploads", () => {
  test("POST, then one PUT with its length: two requests", () =>
    play(
      [
        { ...POST, headers: { "content-length": "0" }, reply: at("/v2/org/app/blobs/uploads/u1") },
        {
          method: "PUT",
          path: `/v2/org/app/blobs/uploads/u1?digest=${escaped}`,
          headers: { "content-length": "3000", "transfer-encoding": undefined, "content-range": undefined, expect: undefined },
          reply: (request) => {
            expect(request.body).toEqual(blob.bytes);
            return { status: 201 };
          },
        },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, descriptor);
        await write.append(bodyOf(blob.bytes, 700));
        await write.commit();
        expect(net.requests()).toEqual({ [server.host]: { POST: 1, PUT: 1 } });
      },
    ));

  test.each([
    ["GHCR: relative", "/v2/org/app/blobs/uploads/u1", "/v2/org/app/blobs/uploads/u1?digest="],
    ["relative to the request", "u1", "/v2/org/app/blobs/uploads/u1?digest="],
    ["absolute", "http://HOST/up/1", "/up/1?digest="],
    ["with a query, kept as it is", "http://HOST/up/1?_state=a%2Bb%3D%3D&x=%7e", "/up/1?_state=a%2Bb%3D%3D&x=%7e&digest="],
    ["distribution behind a proxy: the port is dropped", "http://127.0.0.1/up/1", "/up/1?digest="],
    ["with a fragment", "http://HOST/up/1#top", "/up/1?digest="],
    ["with userinfo, which is not used", "http://evil:pw@HOST/up/1", "/up/1?digest="],
  ])("Location %s", (_, location, put) =>
    play(
      [
        { ...POST, reply: at(location) },
        { method: "PUT", path: `${put}${escaped}`, headers: { authorization: undefined }, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, descriptor);
        await write.append(bodyOf(blob.bytes));
        await write.commit();
      },
    ),
  );

  test("no Location at all is a fault of the registry", () =>
    play([{ ...POST, reply: { status: 202 } }], async ({ net, server, at: place }) => {
      expect(await failure(net.writer(server.host).begin(place, descriptor))).toMatchObject({ code: "PROTOCOL_ERROR" });
    }));

  test("an empty blob is put with length 0", () => {
    const empty = sampleBlob(0);
    return play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1\?digest=/, headers: { "content-length": "0" }, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, empty.descriptor);
        await write.append(bodyOf(empty.bytes));
        await write.commit();
      },
    );
  });

  test("a source that fails its digest at the end never completes the upload", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "GET", path: "/u/1", reply: { status: 404 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, descriptor);
        const bad = async function* (): AsyncGenerator<Uint8Array> {
          yield blob.bytes.subarray(0, 2999);
          yield blob.bytes.subarray(2999);
          throw new Error("damaged");
        };
        await failure(write.append(bad()));
        expect(server.seen.map((request) => request.method)).toEqual(["POST", "GET"]);
      },
    ));

  test("a broken-off body is continued where the registry stands", () =>
    play(
      [
        { ...POST, reply: at("/u/1?s=1") },
        { method: "GET", path: "/u/1?s=1", reply: { status: 204, headers: { Range: "0-1499", Location: "/u/1?s=2" } } },
        {
          method: "PUT",
          path: `/u/1?s=2&digest=${escaped}`,
          headers: { "content-length": "1500", "content-range": "1500-2999" },
          reply: (request) => {
            expect(request.body).toEqual(blob.bytes.subarray(1500));
            return { status: 201 };
          },
        },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, descriptor);
        const broken = async function* (): AsyncGenerator<Uint8Array> {
          yield blob.bytes.subarray(0, 1500);
          yield blob.bytes.subarray(1500, 2000);
          throw Object.assign(new Error("gone"), { code: "ECONNRESET" });
        };
        await failure(write.append(broken()));
        expect(write.offset).toBe(1500);
        await write.append(bodyOf(blob.bytes.subarray(write.offset)));
        await write.commit();
      },
    ));

  test("a registry that has forgotten the upload starts again at 0", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { status: 500 } },
        { method: "GET", path: "/u/1", reply: { status: 404 } },
        { ...POST, reply: at("/u/2") },
        { method: "PUT", path: /^\/u\/2/, headers: { "content-length": "3000" }, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, descriptor);
        expect(await failure(write.append(bodyOf(blob.bytes)))).toMatchObject({ code: "SERVER_ERROR", status: 500 });
        expect(write.offset).toBe(0);
        await write.append(bodyOf(blob.bytes));
        await write.commit();
      },
    ));

  test("Harbor on S3: BLOB_UPLOAD_UNKNOWN is worth another session", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        {
          method: "PUT",
          path: /^\/u\/1/,
          reply: { status: 404, body: '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"blob upload unknown to registry"}]}' },
        },
        { ...POST, reply: at("/u/2") },
        { method: "PUT", path: /^\/u\/2/, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, descriptor);
        expect(await failure(write.append(bodyOf(blob.bytes)))).toMatchObject({
          code: "SERVER_ERROR",
          registryCode: "BLOB_UPLOAD_UNKNOWN",
        });
        await write.append(bodyOf(blob.bytes));
        await write.commit();
      },
    ));

  test("DIGEST_INVALID from the registry is damage on the way", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { status: 400, body: '{"errors":[{"code":"DIGEST_INVALID"}]}' } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, descriptor);
        expect(await failure(write.append(bodyOf(blob.bytes)))).toMatchObject({ code: "DIGEST_MISMATCH", registryCode: "DIGEST_INVALID" });
      },
    ));

  test("a token that runs out between POST and PUT: the registry is asked where it stands with a new one, and the body sent again", () => {
    const challenge = (_: SeenRequest, server: ScriptedServer): Reply => ({
      status: 401,
      headers: { "WWW-Authenticate": `Bearer realm="http://${server.host}/token",service="s"` },
    });
    const token = (text: string): Reply => ({ body: JSON.stringify({ token: text, expires_in: 3600 }) });
    return play(
      [
        { ...POST, reply: challenge },
        { method: "GET", path: /^\/token/, reply: token("t1") },
        { ...POST, headers: { authorization: "Bearer t1" }, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, headers: { authorization: "Bearer t1" }, reply: challenge },
        { method: "GET", path: /^\/token/, reply: token("t2") },
        { method: "GET", path: "/u/1", headers: { authorization: "Bearer t2" }, reply: { status: 204, headers: { Range: "0-0" } } },
        { method: "PUT", path: /^\/u\/1/, headers: { authorization: "Bearer t2", "content-length": "3000" }, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, descriptor);
        expect(isTransient(await failure(write.append(bodyOf(blob.bytes))))).toBe(true);
        await write.append(bodyOf(blob.bytes));
        await write.commit();
      },
    );
  });

  test("a registry that stops reading is a stall", () => {
    const large = { bytes: Buffer.alloc(16_000_000, 1), descriptor: { ...descriptor, size: 16_000_000 } };
    return play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { deaf: true } },
        { method: "GET", path: "/u/1", reply: { status: 404 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, large.descriptor);
        expect(await failure(write.append(bodyOf(large.bytes, 65_536)))).toMatchObject({ code: "STALLED" });
      },
      { stallTimeoutMs: 200 },
    );
  });

  test("a slow source is no stall of the target", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const slow = async function* (): AsyncGenerator<Uint8Array> {
          yield blob.bytes.subarray(0, 1000);
          await new Promise((resolve) => setTimeout(resolve, 400));
          yield blob.bytes.subarray(1000);
        };
        const write = await net.writer(server.host).begin(place, descriptor);
        await write.append(slow());
        await write.commit();
      },
      { stallTimeoutMs: 100 },
    ));

  test("a dropped write cancels its session", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "DELETE", path: "/u/1", reply: { status: 204 } },
      ],
      async ({ net, server, at: place }) => {
        await (await net.writer(server.host).begin(place, descriptor)).drop();
      },
    ));
});

describe("uploads in pieces, after a 413", () => {
  const big = sampleBlob(2 * 1024 * 1024);
  const size = big.descriptor.size;
  const half = size / 2;
  const digest = encodeURIComponent(big.descriptor.digest);

  test("nginx with a body limit: PATCH with ranges, each Location followed, closed by an empty PUT", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { status: 413 } },
        { ...POST, reply: at("/u/2?o=0") },
        {
          method: "PATCH",
          path: "/u/2?o=0",
          headers: { "content-range": `0-${half - 1}` },
          reply: { status: 202, headers: { Location: "/u/2?o=1", Range: `0-${half - 1}` } },
        },
        {
          method: "PATCH",
          path: "/u/2?o=1",
          headers: { "content-range": `${half}-${size - 1}` },
          reply: { status: 202, headers: { Location: "/u/2?o=2", Range: `0-${size - 1}` } },
        },
        { method: "PUT", path: `/u/2?o=2&digest=${digest}`, headers: { "content-length": "0" }, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, big.descriptor);
        expect(await failure(write.append(bodyOf(big.bytes)))).toMatchObject({ status: 413, code: "SERVER_ERROR" });
        await write.append(bodyOf(big.bytes, 65_536));
        await write.commit();
      },
    ));

  test("the lesson is learnt per host: the next blob goes in pieces at once", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { status: 413 } },
        { ...POST, reply: at("/u/2") },
        { method: "PATCH", path: "/u/2", reply: { status: 202, headers: { Location: "/u/2" } }, times: 2 },
        { method: "PUT", path: /^\/u\/2/, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const first = await net.writer(server.host).begin(place, big.descriptor);
        await failure(first.append(bodyOf(big.bytes)));
        const second = await net.writer(server.host).begin(place, big.descriptor);
        await second.append(bodyOf(big.bytes));
        await second.commit();
      },
    ));

  test("413 answered before the body was read (nginx) is seen as 413", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { status: 413, early: true } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, big.descriptor);
        const error = await failure(write.append(bodyOf(big.bytes, 65_536)));
        expect([413, undefined]).toContain(error.status);
      },
    ));

  test.each([
    ["ECR: 201 on PATCH", { status: 201, headers: { Location: "/u/2" } }],
    ["GHCR: only the last piece is kept", { status: 202, headers: { Location: "/u/2", Range: "0-0" } }],
  ] satisfies [string, Reply][])("%s is not taken for progress", (_, reply) =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { status: 413 } },
        { ...POST, reply: at("/u/2") },
        { method: "PATCH", path: "/u/2", reply },
        { method: "GET", path: "/u/2", reply: { status: 404 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, big.descriptor);
        await failure(write.append(bodyOf(big.bytes)));
        await failure(write.append(bodyOf(big.bytes)));
        expect(write.offset).toBe(0);
      },
    ),
  );

  test("416 asks for the state and continues there", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1/, reply: { status: 413 } },
        { ...POST, reply: at("/u/2") },
        { method: "PATCH", path: "/u/2", reply: { status: 416, headers: { Range: "0-99" } } },
        { method: "GET", path: "/u/2", reply: { status: 204, headers: { Range: `0-${half - 1}`, Location: "/u/2" } } },
        {
          method: "PATCH",
          path: "/u/2",
          headers: { "content-range": `${half}-${size - 1}` },
          reply: { status: 202, headers: { Location: "/u/2" } },
        },
        { method: "PUT", path: /^\/u\/2/, headers: { "content-length": "0" }, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const write = await net.writer(server.host).begin(place, big.descriptor);
        await failure(write.append(bodyOf(big.bytes)));
        await failure(write.append(bodyOf(big.bytes)));
        expect(write.offset).toBe(half);
        await write.append(bodyOf(big.bytes.subarray(half)));
        await write.commit();
      },
    ));
});

describe("mounts", () => {
  const mount = { method: "POST", path: path(`blobs/uploads/?mount=${escaped}&from=org%2Fbase`) } as const;
  const from = { repository: "org/base" };

  test("201 is a mount", () =>
    play([{ ...mount, reply: { status: 201 } }], async ({ net, server, at: place }) => {
      expect(await net.writer(server.host).mount(place, descriptor, from)).toBe(true);
    }));

  test("202 declines and opens an upload, which is used", () =>
    play(
      [
        { ...mount, reply: at("/u/1") },
        { method: "PUT", path: /^\/u\/1\?digest/, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        const writer = net.writer(server.host);
        expect(await writer.mount(place, descriptor, from)).toBe(false);
        const write = await writer.begin(place, descriptor);
        await write.append(bodyOf(blob.bytes));
        await write.commit();
      },
    ));

  test.each([400, 401, 403, 404, 405])("%i (Quay, containerd#14086) declines", (status) =>
    play([{ ...mount, reply: { status } }], async ({ net, server, at: place }) => {
      expect(await net.writer(server.host).mount(place, descriptor, from)).toBe(false);
    }),
  );

  test("503 is no answer: tried again", () =>
    play(
      [
        { ...mount, reply: { status: 503 } },
        { ...mount, reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        expect(await net.writer(server.host).mount(place, descriptor, from)).toBe(true);
      },
    ));
});

describe("manifests", () => {
  const manifest = sampleManifest();
  const put = (name: string): { method: string; path: string } => ({ method: "PUT", path: path(`manifests/${name}`) });

  test("exact bytes and type, one PUT per tag", () =>
    play(
      [
        {
          ...put("v1"),
          headers: { "content-type": manifest.mediaType },
          reply: (request) => {
            expect(request.body).toEqual(manifest.bytes);
            return { status: 201 };
          },
        },
        { ...put("latest"), reply: { status: 201 } },
      ],
      async ({ net, server, at: place }) => {
        await net.writer(server.host).putManifest(place, manifest.descriptor, manifest, ["v1", "latest"]);
      },
    ));

  test("without tags by digest", () =>
    play([{ ...put(manifest.digest), reply: { status: 201 } }], async ({ net, server, at: place }) => {
      await net.writer(server.host).putManifest(place, manifest.descriptor, manifest, []);
    }));

  test("429 with a date on a manifest PUT is waited for (quay.io)", () =>
    play(
      [
        { ...put("v1"), reply: { status: 429, headers: { "Retry-After": new Date(Date.now() + 7000).toUTCString() } } },
        { ...put("v1"), reply: { status: 201 } },
      ],
      async ({ net, server, at: place, clock }) => {
        await net.writer(server.host).putManifest(place, manifest.descriptor, manifest, ["v1"]);
        expect(Math.max(...clock.slept)).toBeGreaterThan(4000);
      },
    ));

  test("MANIFEST_BLOB_UNKNOWN comes through under its name", () =>
    play(
      [
        {
          ...put("v1"),
          reply: { status: 400, body: '{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry"}]}' },
        },
      ],
      async ({ net, server, at: place }) => {
        const error = await failure(net.writer(server.host).putManifest(place, manifest.descriptor, manifest, ["v1"]));
        expect(error).toMatchObject({ registryCode: "MANIFEST_BLOB_UNKNOWN", status: 400, tries: 1 });
      },
    ));

  test("docker-registry 2.8, Gitea: an index whose children are not there is SPARSE_REFUSED", () => {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [manifest.descriptor] }));
    const index: ManifestBytes = { mediaType: MEDIA_TYPES.ociIndex, digest: digestOf(bytes), bytes };
    return play(
      [{ ...put("v1"), reply: { status: 400, body: '{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}' } }],
      async ({ net, server, at: place }) => {
        const error = await failure(net.writer(server.host).putManifest(place, { ...index, size: bytes.length }, index, ["v1"]));
        expect(error).toMatchObject({ code: "SPARSE_REFUSED", registryCode: "MANIFEST_BLOB_UNKNOWN" });
      },
    );
  });

  test("ECR: an immutable tag is a plain refusal, not retried", () =>
    play(
      [{ ...put("v1"), reply: { status: 400, body: '{"errors":[{"code":"TAG_INVALID","message":"tag is immutable"}]}' } }],
      async ({ net, server, at: place }) => {
        const error = await failure(net.writer(server.host).putManifest(place, manifest.descriptor, manifest, ["v1"]));
        expect(error).toMatchObject({ registryCode: "TAG_INVALID", tries: 1 });
        expect(error.message).toContain("immutable");
      },
    ));

  test("deletes: 202, and 404 is as good", () =>
    play(
      [
        { method: "DELETE", path: path("manifests/v1"), reply: { status: 202 } },
        { method: "DELETE", path: path("manifests/v2"), reply: { status: 404 } },
      ],
      async ({ net, server, at: place }) => {
        await net.writer(server.host).delete(place, "v1");
        await net.writer(server.host).delete(place, "v2");
      },
    ));

  test("a registry that does not delete says UNSUPPORTED", () =>
    play(
      [{ method: "DELETE", path: path("manifests/v1"), reply: { status: 405, body: '{"errors":[{"code":"UNSUPPORTED"}]}' } }],
      async ({ net, server, at: place }) => {
        expect(await failure(net.writer(server.host).delete(place, "v1"))).toMatchObject({ code: "UNSUPPORTED" });
      },
    ));
});

describe("probes", () => {
  test("the right to push: an upload opened and cancelled", () =>
    play(
      [
        { ...POST, reply: at("/u/1") },
        { method: "DELETE", path: "/u/1", reply: { status: 204 } },
      ],
      ({ net, server, at: place }) => net.writer(server.host).probePush(place),
    ));

  test("Harbor: a project that does not exist", () =>
    play(
      [{ ...POST, reply: { status: 404, body: '{"errors":[{"code":"NOT_FOUND","message":"project org not found"}]}' } }],
      async ({ net, server, at: place }) => {
        expect(await failure(net.writer(server.host).probePush(place))).toMatchObject({ code: "NOT_FOUND", registryCode: "NOT_FOUND" });
      },
    ));

  test.each([
    ["MANIFEST_BLOB_UNKNOWN", false],
    ["MANIFEST_UNKNOWN", false],
  ])("sparse indexes: %s is a no", (code, expected) =>
    play(
      [{ method: "PUT", path: /manifests\/sha256:/, reply: { status: 400, body: JSON.stringify({ errors: [{ code }] }) } }],
      async ({ net, server, at: place }) => {
        expect(await net.writer(server.host).probeSparse(place)).toBe(expected);
      },
    ),
  );

  test("sparse indexes: taken, and taken away again", () =>
    play(
      [
        { method: "PUT", path: /manifests\/sha256:/, headers: { "content-type": MEDIA_TYPES.ociIndex }, reply: { status: 201 } },
        { method: "DELETE", path: /manifests\/sha256:/, reply: { status: 405 } },
      ],
      async ({ net, server, at: place }) => {
        expect(await net.writer(server.host).probeSparse(place)).toBe(true);
      },
    ));
});

describe("manifests with a subject", () => {
  const subject = sampleManifest("subject");
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      artifactType: "application/vnd.example.sig",
      config: { mediaType: MEDIA_TYPES.ociEmpty, digest: digestOf(Buffer.from("{}")), size: 2 },
      layers: [],
      subject: subject.descriptor,
      annotations: { "org.example.by": "me" },
    }),
  );
  const referrer: ManifestBytes = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(bytes), bytes };
  const target = { ...referrer, size: bytes.length };
  const put = { method: "PUT", path: path(`manifests/${referrer.digest}`) } as const;
  const tag = path(`manifests/sha256-${subject.digest.slice(7)}`);
  const indexOf = (manifests: readonly object[]): Reply => ({
    headers: { "Content-Type": MEDIA_TYPES.ociIndex },
    body: JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests }),
  });

  test("OCI-Subject in the answer: nothing else to do", () =>
    play([{ ...put, reply: { status: 201, headers: { "OCI-Subject": subject.digest } } }], async ({ net, server, at: place }) => {
      await net.writer(server.host).putManifest(place, target, referrer, []);
    }));

  test("no OCI-Subject: the fallback tag is written with type and annotations, and read again", () => {
    const entry = {
      mediaType: MEDIA_TYPES.ociManifest,
      digest: referrer.digest,
      size: bytes.length,
      artifactType: "application/vnd.example.sig",
      annotations: { "org.example.by": "me" },
    };
    return play(
      [
        { ...put, reply: { status: 201 } },
        { method: "GET", path: tag, reply: { status: 404 } },
        {
          method: "PUT",
          path: tag,
          headers: { "content-type": MEDIA_TYPES.ociIndex },
          reply: (request) => {
            expect(JSON.parse(request.body.toString())).toEqual({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [entry] });
            return { status: 201 };
          },
        },
        { method: "GET", path: tag, reply: indexOf([entry]) },
      ],
      async ({ net, server, at: place }) => {
        await net.writer(server.host).putManifest(place, target, referrer, []);
      },
    );
  });

  test("somebody else's update in between is not lost", () => {
    const other = {
      mediaType: MEDIA_TYPES.ociManifest,
      digest: digestOf(Buffer.from("other")),
      size: 5,
      artifactType: "application/other",
    };
    const entry = {
      mediaType: MEDIA_TYPES.ociManifest,
      digest: referrer.digest,
      size: bytes.length,
      artifactType: "application/vnd.example.sig",
    };
    return play(
      [
        { ...put, reply: { status: 201 } },
        { method: "GET", path: tag, reply: { status: 404 } },
        { method: "PUT", path: tag, reply: { status: 201 } },
        { method: "GET", path: tag, reply: indexOf([other]) },
        {
          method: "PUT",
          path: tag,
          reply: (request) => {
            const written = JSON.parse(request.body.toString()) as { manifests: { digest: string }[] };
            expect(written.manifests.map((one) => one.digest)).toEqual([other.digest, referrer.digest]);
            return { status: 201 };
          },
        },
        { method: "GET", path: tag, reply: indexOf([other, entry]) },
      ],
      async ({ net, server, at: place }) => {
        await net.writer(server.host).putManifest(place, target, referrer, []);
      },
    );
  });

  test("a tag sha256-<hex> that holds an image (oc-mirror) is reported and never overwritten", () =>
    play(
      [
        { ...put, reply: { status: 201 } },
        { method: "GET", path: tag, reply: { headers: { "Content-Type": subject.mediaType }, body: subject.bytes } },
      ],
      async ({ net, server, at: place }) => {
        const error = await failure(net.writer(server.host).putManifest(place, target, referrer, []));
        expect(error.message).toContain("left alone");
      },
    ));
});
