import { describe, expect, test } from "vitest";
import { OciError } from "../errors.ts";
import { digestOf } from "../hash.ts";
import type { Descriptor } from "../model/descriptor.ts";
import { MEDIA_TYPES } from "../model/media-types.ts";
import { MemoryStore } from "../store/memory/memory-store.ts";
import type { BlobWrite, ByteSource, ManifestBytes, Place } from "../store/types.ts";
import { CountingStore } from "../testing/counting-store.ts";
import { addBlob, addImage, type ImageSpec, manifestOf, seededBytes } from "../testing/images.ts";
import { transfer } from "./transfer.ts";
import type { Root, TransferEvent } from "./types.ts";

async function rootOf(source: MemoryStore, name: string, spec: ImageSpec): Promise<Root> {
  const from = { repository: `org/${name}` };
  const descriptor = await addImage(source, from, { tags: ["v1"], ...spec });
  return { id: name, source, from, descriptor, to: { repository: `mirror/${name}` }, tags: ["v1"], referrers: "none" };
}

const outcomes = (report: { outcomes: readonly { id: string; outcome: string }[] }): string[] =>
  report.outcomes.map(({ id, outcome }) => `${id} ${outcome}`);

describe("what the target forgets or refuses", () => {
  test("a blob that is gone when the manifest comes is looked at again and copied", async () => {
    const source = new MemoryStore();
    const root = await rootOf(source, "a", { layers: ["one", "two"] });
    const lost = await firstLayer(source, root);
    const target = new (class extends MemoryStore {
      forgetful = true;
      override async putManifest(at: Place, descriptor: Descriptor, manifest: ManifestBytes, tags: readonly string[]): Promise<void> {
        if (this.forgetful) await this.delete(at, lost.digest);
        this.forgetful = false;
        return super.putManifest(at, descriptor, manifest, tags);
      }
    })();
    const report = await transfer([root], target);
    expect([outcomes(report), report.moved.blobs]).toEqual([["a copied"], 4]);
  });

  test("what the target cannot tell is brought again; what stays broken is a failure that says so", async () => {
    const source = new MemoryStore();
    const root = await rootOf(source, "a", { layers: ["one", "two"] });
    const answered = new OciError({ code: "SERVER_ERROR", status: 500, message: "the host answered 500" });
    const broken = class extends MemoryStore {
      mended = false;
      override async resolve(...asked: Parameters<MemoryStore["resolve"]>): Promise<Descriptor | undefined> {
        if (!this.mended) throw answered;
        return await super.resolve(...asked);
      }
      override async has(at: Place, descriptor: Descriptor): Promise<boolean> {
        if (!this.mended) throw answered;
        return await super.has(at, descriptor);
      }
    };
    const mending = new (class extends broken {
      override async putManifest(...put: Parameters<MemoryStore["putManifest"]>): Promise<void> {
        this.mended = true;
        return await super.putManifest(...put);
      }
    })();
    expect(outcomes(await transfer([root], mending))).toEqual(["a copied"]);
    const [outcome] = (await transfer([root], new broken())).outcomes;
    expect(outcome).toMatchObject({ outcome: "failed", error: { code: "SERVER_ERROR", status: 500, side: "target" } });
    expect(outcome?.error?.hint).toContain(root.descriptor.digest);
  });

  test("a mount that is refused becomes an upload", async () => {
    const source = new MemoryStore();
    const roots = [await rootOf(source, "a", { layers: ["base", "a"] }), await rootOf(source, "b", { layers: ["base", "b"] })];
    const target = new (class extends MemoryStore {
      override async mount(): Promise<boolean> {
        return false;
      }
    })();
    const report = await transfer(roots, target);
    expect([outcomes(report), report.moved.blobs, report.moved.mountedBlobs]).toEqual([["a copied", "b copied"], 6, 0]);
  });

  test("a blob is mounted only after the manifest of the image that leads with it", async () => {
    const source = new MemoryStore();
    const roots = [await rootOf(source, "a", { layers: ["base", "a"] }), await rootOf(source, "b", { layers: ["base", "b"] })];
    const target = new CountingStore();
    await transfer(roots, target);
    const mount = target.log.findIndex((line) => line.startsWith("POST mount"));
    const leader = target.log.indexOf("PUT manifest mirror/a v1");
    expect(leader).toBeGreaterThan(0);
    expect(mount).toBeGreaterThan(leader);
  });
});

describe("a source that breaks", () => {
  class Breaking extends CountingStore {
    breaks = 0;
    damage = 0;
    override blob(at: Place, descriptor: Descriptor): ByteSource {
      const source = super.blob(at, descriptor);
      const open = (offset: number): AsyncIterable<Uint8Array> => this.#faulty(source, { offset, size: descriptor.size });
      return { size: source.size, open };
    }
    async *#faulty(source: ByteSource, { offset, size }: { offset: number; size: number }): AsyncGenerator<Uint8Array> {
      let position = offset;
      const isDamaged = size > 100_000 && this.damage-- > 0;
      for await (const chunk of source.open(offset)) {
        if (this.breaks > 0 && size > 100_000 && position >= 65_536) {
          this.breaks--;
          throw new OciError({ code: "STALLED", message: "nothing came" });
        }
        const bytes = Buffer.from(chunk);
        if (isDamaged) bytes[0] = (bytes[0] ?? 0) ^ 1;
        position += chunk.byteLength;
        yield bytes;
      }
    }
  }

  test("is continued inside the same upload", async () => {
    const source = new Breaking();
    const root = await rootOf(source, "a", { layers: ["one"], layerBytes: 300_000 });
    source.reset();
    source.breaks = 1;
    const target = new CountingStore();
    const report = await transfer([root], target);
    expect(outcomes(report)).toEqual(["a copied"]);
    // Manifest, config, layer twice; at the target nothing twice.
    expect([source.counts, target.counts["PUT"], report.retries]).toEqual([{ GET: 4 }, 3, 0]);
  });

  test("damage on the way is never written, and tried again", async () => {
    const source = new Breaking();
    const root = await rootOf(source, "a", { layers: ["one"], layerBytes: 300_000 });
    source.damage = 1;
    const events: TransferEvent[] = [];
    const report = await transfer([root], new MemoryStore(), { onEvent: (event) => events.push(event) });
    expect([outcomes(report), report.retries]).toEqual([["a copied"], 1]);
    expect(events.find(({ event }) => event === "retry")).toMatchObject({ error: { code: "DIGEST_MISMATCH", side: "source" } });
  });

  test("damage that stays fails the image with the number of tries", async () => {
    const source = new Breaking();
    const root = await rootOf(source, "a", { layers: ["one"], layerBytes: 300_000 });
    source.damage = 100;
    const report = await transfer([root], new MemoryStore(), { tries: 2 });
    expect(report.outcomes[0]?.error).toMatchObject({ code: "DIGEST_MISMATCH", side: "source", tries: 2 });
  });
});

describe("foreign layers", () => {
  async function foreignRoot(source: MemoryStore): Promise<{ root: Root; layer: Descriptor }> {
    const from = { repository: "org/windows" };
    const config = addBlob(source, from, { bytes: Buffer.from("{}"), mediaType: MEDIA_TYPES.ociConfig });
    const bytes = seededBytes("windows", 500);
    const mediaType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    const layer = { mediaType, digest: digestOf(bytes), size: 500, urls: ["https://example.com/layer"] };
    const { content, descriptor } = manifestOf({ schemaVersion: 2, config, layers: [layer] }, MEDIA_TYPES.ociManifest);
    await source.putManifest(from, descriptor, content, []);
    return { root: { id: "w", source, from, descriptor, to: from, tags: ["v1"], referrers: "none" }, layer };
  }

  test("stay where they are, or come from their addresses when asked for", async () => {
    const source = new (class extends MemoryStore {
      foreign = (descriptor: Descriptor): ByteSource => ({
        size: descriptor.size,
        async *open(offset) {
          yield seededBytes("windows", 500).subarray(offset);
        },
      });
    })();
    const { root, layer } = await foreignRoot(source);
    const [kept, included] = [new MemoryStore(), new MemoryStore()];
    expect((await transfer([root], kept)).moved.blobs).toBe(1);
    expect((await transfer([root], included, { externalLayers: "include" })).moved.blobs).toBe(2);
    expect([await kept.has(root.to, layer), await included.has(root.to, layer)]).toEqual([false, true]);
  });
});

test("outside a time window no blob starts: what was begun is finished, the rest is skipped with the reason", async () => {
  const source = new MemoryStore();
  const roots = [await rootOf(source, "a", { layers: ["a"] }), await rootOf(source, "b", { layers: ["b"] })];
  let started = 0;
  const onEvent = ({ event }: TransferEvent): void => void (event === "blob.start" && started++);
  const hold = (): string | undefined => (started >= 2 ? "outside the window 22:00-06:00" : undefined);
  const target = new MemoryStore();
  const report = await transfer(roots, target, { hold, onEvent, window: 1 });
  expect(report.outcomes.map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ["copied", undefined],
    ["skipped", "outside the window 22:00-06:00"],
  ]);
  expect(outcomes(await transfer(roots, target))).toEqual(["a present", "b copied"]);
});

describe("an interrupted run", () => {
  test("ends soon, says so, and leaves begun blobs parked for the next", async () => {
    const source = new MemoryStore();
    const roots = await Promise.all([1, 2, 3].map((n) => rootOf(source, `n${n}`, { layers: [`x${n}`], layerBytes: 500_000 })));
    const stop = new AbortController();
    const parked: number[] = [];
    const target = new (class extends MemoryStore {
      override async begin(at: Place, descriptor: Descriptor): Promise<BlobWrite> {
        const write = await super.begin(at, descriptor);
        return Object.assign(Object.create(write), {
          append: (body: AsyncIterable<Uint8Array>) => write.append(stopping(body, stop)),
          commit: () => write.commit(),
          drop: () => write.drop(),
          park: () => {
            parked.push(write.offset);
            return write.park();
          },
        });
      }
    })();
    const report = await transfer(roots, target, { signal: stop.signal, window: 1, concurrency: 1 });
    expect(report.interrupted).toBe(true);
    expect(outcomes(report)).toEqual(["n1 failed"]);
    expect(report.outcomes[0]?.error?.code).toBe("ABORTED");
    expect(parked.some((offset) => offset > 0)).toBe(true);
  });
});

async function* stopping(body: AsyncIterable<Uint8Array>, stop: AbortController): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body) {
    yield chunk;
    bytes += chunk.byteLength;
    if (bytes > 100_000) {
      stop.abort();
      throw new OciError({ code: "ABORTED", message: "stopped" });
    }
  }
}

async function firstLayer(source: MemoryStore, root: Root | undefined): Promise<Descriptor> {
  if (root === undefined) throw new Error("no root");
  const { bytes } = await source.manifest(root.from, root.descriptor);
  const { layers } = JSON.parse(new TextDecoder().decode(bytes)) as { layers: Descriptor[] };
  return layers[0] ?? { mediaType: "", digest: digestOf(bytes), size: 0 };
}

test("a run that is stopped blames neither end, even where a store throws the reason itself", async () => {
  const source = new MemoryStore();
  const root = await rootOf(source, "a", { layers: ["one"] });
  const stop = new AbortController();
  const reason = new Error("interrupted");
  const target = new (class extends MemoryStore {
    override async begin(): Promise<BlobWrite> {
      stop.abort(reason);
      throw reason;
    }
  })();
  const report = await transfer([root], target, { signal: stop.signal });
  expect(report.interrupted).toBe(true);
  expect(report.outcomes.map(({ error }) => [error?.code, error?.side])).toEqual([["ABORTED", undefined]]);
});
