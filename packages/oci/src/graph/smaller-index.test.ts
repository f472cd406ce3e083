import { expect, test } from "vitest";
import { digestOf } from "../hash.ts";
import type { Descriptor } from "../model/descriptor.ts";
import { MEDIA_TYPES } from "../model/media-types.ts";
import { parsePlatform, platformFilter } from "../model/platform.ts";
import { MemoryStore } from "../store/memory/memory-store.ts";
import type { ManifestBytes } from "../store/types.ts";
import { manifestOf } from "../testing/images.ts";
import { smallerIndex } from "./smaller-index.ts";

const at = { repository: "org/app" };
const platforms = platformFilter([parsePlatform("linux/arm64")]);
const entry = (text: string, more: object = {}): object => ({
  mediaType: MEDIA_TYPES.ociManifest,
  digest: digestOf(Buffer.from(text)),
  size: 10,
  ...more,
});
const amd64 = entry("amd64", { platform: { os: "linux", architecture: "amd64" } });
const arm64 = entry("arm64", { platform: { os: "linux", architecture: "arm64", "os.features": ["kept"] }, "x-own": 1 });
const attestation = (of: string): object =>
  entry(`attestation of ${of}`, {
    platform: { os: "unknown", architecture: "unknown" },
    annotations: { "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digestOf(Buffer.from(of)) },
  });

async function stored(document: object, mediaType: string): Promise<{ store: MemoryStore; descriptor: Descriptor }> {
  const store = new MemoryStore();
  return { store, descriptor: await put(store, document, mediaType) };
}

async function put(store: MemoryStore, document: object, mediaType: string): Promise<Descriptor> {
  const { content, descriptor } = manifestOf(document, mediaType);
  await store.putManifest(at, descriptor, content, []);
  return descriptor;
}

function parsed(manifest: ManifestBytes | undefined): unknown {
  return JSON.parse(Buffer.from(manifest?.bytes ?? []).toString());
}

test.each([MEDIA_TYPES.ociIndex, MEDIA_TYPES.dockerList])(
  "%s keeps its type, its annotations and the wanted entries as they are",
  async (mediaType) => {
    const document = {
      schemaVersion: 2,
      mediaType,
      manifests: [amd64, attestation("amd64"), arm64, attestation("arm64")],
      annotations: { "org.example.note": "kept" },
    };
    const { store, descriptor } = await stored(document, mediaType);
    const made = await smallerIndex({ reader: store, at, descriptor }, { platforms });
    expect(made?.manifests).toHaveLength(1);
    expect(parsed(made?.manifests[0])).toEqual({ ...document, manifests: [arm64, attestation("arm64")] });
    const bytes = made?.manifests[0]?.bytes ?? new Uint8Array();
    expect(made?.descriptor).toEqual({ mediaType, digest: digestOf(bytes), size: bytes.byteLength });
    expect(made?.descriptor.digest).not.toBe(descriptor.digest);
  },
);

test("an index inside an index is made smaller too, and left out when it is empty", async () => {
  const store = new MemoryStore();
  const inner = await put(store, { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [amd64, arm64] }, MEDIA_TYPES.ociIndex);
  const gone = await put(store, { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [amd64] }, MEDIA_TYPES.ociIndex);
  const descriptor = await put(
    store,
    { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [inner, gone] },
    MEDIA_TYPES.ociIndex,
  );
  const made = await smallerIndex({ reader: store, at, descriptor }, { platforms });
  expect(made?.manifests).toHaveLength(2);
  const [small, root] = made?.manifests ?? [];
  expect(parsed(small)).toMatchObject({ manifests: [arm64] });
  expect(parsed(root)).toMatchObject({ manifests: [{ digest: small?.digest, size: small?.bytes.byteLength }] });
});

test("nothing to leave out makes nothing; nothing left is refused with what there is", async () => {
  const whole = await stored({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [arm64] }, MEDIA_TYPES.ociIndex);
  expect(await smallerIndex({ reader: whole.store, at, descriptor: whole.descriptor }, { platforms })).toBeUndefined();
  const other = await stored({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [amd64] }, MEDIA_TYPES.ociIndex);
  await expect(smallerIndex({ reader: other.store, at, descriptor: other.descriptor }, { platforms })).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: expect.stringContaining("linux/amd64"),
  });
});
