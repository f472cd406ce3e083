import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isOciError } from "../errors.ts";
import { digestOf } from "../hash.ts";
import type { Descriptor } from "../model/descriptor.ts";
import { MEDIA_TYPES } from "../model/media-types.ts";
import { isDeleter, isLister, isMounter, type Place, type Reader, type Writer } from "../store/types.ts";
import { manifestOf, seededBytes } from "./images.ts";

export type TestedStore = Reader & Writer;

export interface StoreFactory {
  /** A store with nothing in it. */
  open(): Promise<TestedStore>;
  close(): Promise<void>;
  /** Registries that look into every manifest refuse an index whose children are not there (docker-registry 2.8). */
  readonly sparseRefused?: boolean;
  /** Deletes manifests, but no tags (docker-registry 2.8). */
  readonly tagsStay?: boolean;
  /** A parked write continues. Registries without that ability begin anew. */
  readonly resumes?: boolean;
}

const AT: Place = { repository: "contract/first" };
const OTHER: Place = { repository: "contract/second" };

/** The contract of a store: every kind passes the same checks. Each check works in content of its own. */
export function describeStore(name: string, factory: StoreFactory): void {
  describe(`${name} is a store`, () => {
    let store: TestedStore;
    beforeAll(async () => {
      store = await factory.open();
    });
    afterAll(() => factory.close());

    async function put(at: Place, bytes: Uint8Array): Promise<Descriptor> {
      const descriptor = blobOf(bytes);
      const write = await store.begin(at, descriptor);
      await write.append(chunks(bytes));
      await write.commit();
      return descriptor;
    }

    async function putImage(
      at: Place,
      spec: { readonly seed: string; readonly subject?: Descriptor; readonly tags?: readonly string[] },
    ): Promise<Descriptor> {
      const config = { ...(await put(at, Buffer.from(JSON.stringify({ seed: spec.seed })))), mediaType: MEDIA_TYPES.ociConfig };
      const layers = [await put(at, seededBytes(spec.seed, 3000))];
      const artifactType = spec.subject === undefined ? undefined : "application/vnd.test.note";
      const document = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, artifactType, config, layers, subject: spec.subject };
      const { content, descriptor } = manifestOf(document, MEDIA_TYPES.ociManifest);
      await store.putManifest(at, descriptor, content, spec.tags ?? []);
      return descriptor;
    }

    test("a blob comes back byte for byte, from any offset", async () => {
      const bytes = seededBytes("exact", 200_000);
      const descriptor = blobOf(bytes);
      expect(await store.has(AT, descriptor)).toBe(false);
      await put(AT, bytes);
      expect(await store.has(AT, descriptor)).toBe(true);
      const source = store.blob(AT, descriptor);
      expect(source.size).toBe(bytes.byteLength);
      for (const offset of [0, 1, 65_536, 199_999]) expect(await collect(source.open(offset))).toEqual(Buffer.from(bytes.subarray(offset)));
    });

    test("an empty blob is a blob", async () => {
      const descriptor = await put(AT, new Uint8Array(0));
      expect(await store.has(AT, descriptor)).toBe(true);
      expect((await collect(store.blob(AT, descriptor).open(0))).byteLength).toBe(0);
    });

    test.each([
      ["other bytes of the right length", (bytes: Uint8Array) => seededBytes("other", bytes.byteLength)],
      ["a body that is too short", (bytes: Uint8Array) => bytes.subarray(0, -1)],
      ["a body that is too long", (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.from("x")])],
    ])("%s is refused and leaves nothing visible", async (_, damage) => {
      const bytes = seededBytes("refused", 5000);
      const descriptor = blobOf(bytes);
      const error = await (async () => {
        const write = await store.begin(AT, descriptor);
        try {
          await write.append(chunks(damage(bytes)));
          await write.commit();
        } catch (caught) {
          await write.drop().catch(() => undefined);
          throw caught;
        }
      })().catch((caught: unknown) => caught);
      expect(isOciError(error)).toBe(true);
      expect(await store.has(AT, descriptor)).toBe(false);
    });

    test("a dropped write leaves nothing, and the blob can be written afterwards", async () => {
      const bytes = seededBytes("dropped", 5000);
      const descriptor = blobOf(bytes);
      const write = await store.begin(AT, descriptor);
      await write.append(chunks(bytes.subarray(0, 2000))).catch(() => undefined);
      await write.drop();
      expect(await store.has(AT, descriptor)).toBe(false);
      await put(AT, bytes);
      expect(await collect(store.blob(AT, descriptor).open(0))).toEqual(Buffer.from(bytes));
    });

    test("a parked write is continued or begun anew", async () => {
      const bytes = seededBytes("parked", 100_000);
      const descriptor = blobOf(bytes);
      const first = await store.begin(AT, descriptor);
      await first.append(broken(bytes.subarray(0, 40_000))).catch(() => undefined);
      await first.park();
      expect(await store.has(AT, descriptor)).toBe(false);
      const second = await store.begin(AT, descriptor);
      if (factory.resumes === true) expect(second.offset).toBe(40_000);
      await second.append(chunks(bytes.subarray(second.offset)));
      await second.commit();
      expect(await collect(store.blob(AT, descriptor).open(0))).toEqual(Buffer.from(bytes));
    });

    test("several writers of one blob do not disturb each other", async () => {
      const bytes = seededBytes("together", 100_000);
      const descriptor = blobOf(bytes);
      const writes = await Promise.all([1, 2, 3].map(() => store.begin(AT, descriptor)));
      await Promise.all(
        writes.map(async (write) => {
          await write.append(chunks(bytes.subarray(write.offset)));
          await write.commit();
        }),
      );
      expect(await collect(store.blob(AT, descriptor).open(0))).toEqual(Buffer.from(bytes));
    });

    test("a manifest keeps its bytes and its type, under digest and tags", async () => {
      const descriptor = await putImage(AT, { seed: "image", tags: ["v1", "v1.0"] });
      for (const name of [descriptor.digest, "v1", "v1.0"]) {
        expect(await store.resolve(AT, name)).toMatchObject({
          digest: descriptor.digest,
          mediaType: descriptor.mediaType,
          size: descriptor.size,
        });
      }
      const back = await store.manifest(AT, descriptor);
      expect({ digest: digestOf(back.bytes), mediaType: back.mediaType }).toEqual({
        digest: descriptor.digest,
        mediaType: descriptor.mediaType,
      });
      expect(await store.resolve(AT, "nothing")).toBeUndefined();
      expect(await store.resolve(AT, blobOf(seededBytes("nothing", 10)).digest)).toBeUndefined();
    });

    test("a manifest that is not what its descriptor says is refused", async () => {
      const good = await putImage(AT, { seed: "promised" });
      const wrong = manifestOf({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [], note: "other" }, MEDIA_TYPES.ociIndex);
      const lie = { ...wrong.content, digest: good.digest };
      const descriptor = { ...wrong.descriptor, digest: blobOf(seededBytes("lie", 9)).digest };
      await expect(store.putManifest(AT, descriptor, { ...lie, digest: descriptor.digest }, ["lie"])).rejects.toThrow();
      expect(await store.resolve(AT, "lie")).toBeUndefined();
    });

    test("a tag moves", async () => {
      const first = await putImage(AT, { seed: "move-1", tags: ["moving"] });
      const second = await putImage(AT, { seed: "move-2", tags: ["moving"] });
      expect((await store.resolve(AT, "moving"))?.digest).toBe(second.digest);
      expect((await store.resolve(AT, first.digest))?.digest).toBe(first.digest);
    });

    test.skipIf(factory.sparseRefused === true)("an index may be sparse", async () => {
      const child = await putImage(AT, { seed: "child" });
      const absent = { ...child, digest: digestOf(Buffer.from("absent")) };
      const { content, descriptor } = manifestOf(
        { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [child, absent] },
        MEDIA_TYPES.ociIndex,
      );
      await store.putManifest(AT, descriptor, content, ["sparse"]);
      expect((await store.resolve(AT, "sparse"))?.digest).toBe(descriptor.digest);
      expect(await store.has(AT, absent)).toBe(false);
    });

    test("referrers are listed by their subject", async () => {
      const subject = await putImage(AT, { seed: "subject", tags: ["subject"] });
      expect(await list(store.referrers(AT, subject.digest))).toEqual([]);
      const notes = [await putImage(AT, { seed: "note-1", subject }), await putImage(AT, { seed: "note-2", subject })];
      const found = await list(store.referrers(AT, subject.digest));
      expect(found.map(({ digest }) => digest).sort()).toEqual(notes.map(({ digest }) => digest).sort());
      expect(found.map(({ artifactType }) => artifactType)).toEqual(["application/vnd.test.note", "application/vnd.test.note"]);
      expect((await store.resolve(AT, "subject"))?.digest).toBe(subject.digest);
    });

    test("a lister lists repositories and tags", async () => {
      if (!isLister(store)) return;
      await putImage(AT, { seed: "listed", tags: ["listed-1", "listed-2"] });
      await putImage(OTHER, { seed: "listed", tags: ["elsewhere"] });
      expect(await list(store.repositories())).toEqual(expect.arrayContaining([AT.repository, OTHER.repository]));
      expect(await list(store.tags(AT))).toEqual(expect.arrayContaining(["listed-1", "listed-2"]));
      expect(await list(store.tags(OTHER))).not.toContain("listed-1");
      expect(await list(store.tags({ repository: "contract/never" }))).toEqual([]);
    });

    test("a mounter makes a blob available elsewhere without its bytes", async () => {
      if (!isMounter(store)) return;
      const descriptor = await put(AT, seededBytes("mounted", 4000));
      const at = { repository: "contract/mounting" };
      expect(await store.mount(at, descriptor, AT)).toBe(true);
      expect(await store.has(at, descriptor)).toBe(true);
      expect(await store.mount(at, blobOf(seededBytes("never", 10)), AT)).toBe(false);
    });

    test.skipIf(factory.tagsStay === true)("a deleter takes a tag away and leaves the image", async () => {
      if (!isDeleter(store)) return;
      const descriptor = await putImage(AT, { seed: "deleted", tags: ["gone", "stays"] });
      await store.delete(AT, "gone");
      expect(await store.resolve(AT, "gone")).toBeUndefined();
      expect((await store.resolve(AT, "stays"))?.digest).toBe(descriptor.digest);
    });
  });
}

function blobOf(bytes: Uint8Array): Descriptor {
  return { mediaType: MEDIA_TYPES.ociLayerGzip, digest: digestOf(bytes), size: bytes.byteLength };
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += 10_000) yield bytes.subarray(start, start + 10_000);
}

async function* broken(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* chunks(bytes);
  throw new Error("the source broke off");
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await list(body));
}

async function list<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
