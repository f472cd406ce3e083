import { describe, expect, test } from "vitest";
import { digestOf, type ManifestBytes, MEDIA_TYPES } from "../src/index.ts";
import { failure, path, play, sampleManifest } from "./quirk-bench.ts";
import type { Reply } from "./scripted-server.ts";

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
