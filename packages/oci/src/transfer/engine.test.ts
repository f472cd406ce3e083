import { describe, expect, test } from "vitest";
import { digestOf } from "../hash.ts";
import type { Descriptor } from "../model/descriptor.ts";
import { platformFilter } from "../model/platform.ts";
import { MemoryStore } from "../store/memory/memory-store.ts";
import { CountingStore } from "../testing/counting-store.ts";
import { FixedGates } from "../testing/gates.ts";
import { addImage, addIndex, type ImageSpec, linux } from "../testing/images.ts";
import { tempDir } from "../testing/temp-dir.ts";
import { openJournal } from "./journal.ts";
import { transfer } from "./transfer.ts";
import type { Root, TransferEvent } from "./types.ts";

async function rootOf(source: MemoryStore, name: string, spec: ImageSpec): Promise<Root> {
  const from = { repository: `org/${name}` };
  const descriptor = await addImage(source, from, { tags: ["v1"], ...spec });
  return { id: name, source, from, descriptor, to: { repository: `mirror/${name}` }, tags: ["v1"], referrers: "none" };
}

async function indexRoot(source: MemoryStore, architectures: readonly string[]): Promise<Root> {
  const from = { repository: "org/multi" };
  const manifests = await Promise.all(
    architectures.map((arch) => addImage(source, from, { layers: ["base", arch], platform: linux(arch) })),
  );
  const descriptor = await addIndex(source, from, { manifests });
  return { id: "multi", source, from, descriptor, to: { repository: "mirror/multi" }, tags: ["v1"], referrers: "none" };
}

const outcomes = (report: { outcomes: readonly { id: string; outcome: string }[] }): string[] =>
  report.outcomes.map(({ id, outcome }) => `${id} ${outcome}`);

describe("one image fails", () => {
  test("and the others arrive; its error says which side and what", async () => {
    const source = new MemoryStore({ name: "source" });
    const roots = [
      await rootOf(source, "a", { layers: ["a"] }),
      await rootOf(source, "b", { layers: ["b"] }),
      await rootOf(source, "c", { layers: ["c"] }),
    ];
    const layer = await firstLayer(source, roots[1]);
    await source.delete({ repository: "org/b" }, layer.digest);
    const target = new MemoryStore();
    const report = await transfer(roots, target);
    expect(outcomes(report)).toEqual(["a copied", "b failed", "c copied"]);
    expect(report.outcomes[1]?.error).toMatchObject({ code: "NOT_FOUND", side: "source" });
    expect(await target.resolve({ repository: "mirror/b" }, "v1")).toBeUndefined();
  });

  test("a later phase sees it and may refuse itself, before its first write", async () => {
    const source = new MemoryStore();
    const good = await rootOf(source, "good", { layers: ["good"] });
    const bad = await rootOf(source, "bad", { layers: ["bad"] });
    await source.delete(bad.from, bad.descriptor.digest);
    const catalog: Root = {
      ...(await rootOf(source, "catalog", { layers: ["catalog"] })),
      phase: 1,
      guard: (ended) => (ended.get("bad")?.outcome === "failed" ? "an image of it failed" : undefined),
    };
    const target = new CountingStore();
    const report = await transfer([catalog, good, bad], target);
    expect(outcomes(report)).toEqual(["good copied", "bad failed", "catalog skipped"]);
    expect(target.log.filter((line) => line.includes("mirror/catalog") && !/^(HEAD|GET)/.test(line))).toEqual([]);
  });
});

describe("order", () => {
  test("config and layers before manifests, children before their index, tag last", async () => {
    const source = new MemoryStore();
    const root = await indexRoot(source, ["amd64", "arm64"]);
    const target = new CountingStore();
    await transfer([root], target);
    const puts = target.log.filter((line) => line.startsWith("PUT")).map((line) => line.replace(/sha256:.*/, "digest"));
    expect(puts.slice(0, 5)).toEqual(Array(5).fill("PUT blob mirror/multi digest"));
    expect(puts.slice(5)).toEqual(["PUT manifest mirror/multi digest", "PUT manifest mirror/multi digest", "PUT manifest mirror/multi v1"]);
  });

  test("images complete steadily: the first of forty is there long before the last blob", async () => {
    const source = new MemoryStore();
    const roots: Root[] = [];
    for (let index = 0; index < 40; index++)
      roots.push(await rootOf(source, `n${index}`, { layers: [`x${index}`, `y${index}`], layerBytes: 2000 }));
    const events: TransferEvent[] = [];
    await transfer(roots, new MemoryStore(), { concurrency: 4, onEvent: (event) => events.push(event) });
    let blobs = 0;
    let completeAtHalf = 0;
    for (const event of events) {
      if (event.event === "blob.end") blobs++;
      if (event.event === "image.end" && blobs <= 60) completeAtHalf++;
    }
    expect(completeAtHalf).toBeGreaterThanOrEqual(14);
  });

  test("no more roots are taken than the window holds", async () => {
    const source = new MemoryStore();
    const made = await Promise.all(Array.from({ length: 30 }, (_, index) => rootOf(source, `n${index}`, { layers: [`x${index}`] })));
    let [taken, ended, most] = [0, 0, 0];
    async function* roots(): AsyncGenerator<Root> {
      for (const root of made) {
        most = Math.max(most, ++taken - ended);
        yield root;
      }
    }
    const onEvent = (event: TransferEvent): void => {
      if (event.event === "image.end") ended++;
    };
    const report = await transfer(roots(), new MemoryStore(), { window: 5, onEvent });
    expect(report.outcomes).toHaveLength(30);
    expect(most).toBeLessThanOrEqual(6);
  });
});

describe("slots", () => {
  test("copies in opposite directions share two narrow gates without waiting for each other", async () => {
    const [a, b] = [new MemoryStore({ host: "a.test" }), new MemoryStore({ host: "b.test" })];
    const there = await Promise.all([1, 2, 3, 4].map((n) => rootOf(a, `there${n}`, { layers: [`t${n}`, "base"] })));
    const back = await Promise.all([1, 2, 3, 4].map((n) => rootOf(b, `back${n}`, { layers: [`b${n}`, "base"] })));
    const gates = new FixedGates(1);
    const reports = await Promise.all([transfer(there, b, { gates }), transfer(back, a, { gates })]);
    expect(reports.flatMap(({ outcomes: all }) => all).every(({ outcome }) => outcome === "copied")).toBe(true);
    expect([gates.held, gates.most.get("a.test"), gates.most.get("b.test")]).toEqual([0, 1, 1]);
  });
});

describe("presence", () => {
  test("one platform today and all tomorrow: what is missing is copied, though the index is there", async () => {
    await using dir = await tempDir();
    const source = new MemoryStore();
    const target = new CountingStore({ name: "target" });
    const full = await indexRoot(source, ["amd64", "arm64"]);
    const sparse = { ...full, platforms: platformFilter([linux("amd64")]) };
    const journal = await openJournal(`${dir.path}/journal`);
    expect(outcomes(await transfer([sparse], target, { journal }))).toEqual(["multi copied"]);
    target.reset();
    expect(outcomes(await transfer([sparse], target, { journal }))).toEqual(["multi present"]);
    expect(target.counts).toEqual({ HEAD: 1 });
    const report = await transfer([full], target, { journal });
    expect([outcomes(report), report.moved.blobs, report.moved.manifests]).toEqual([["multi copied"], 2, 1]);
    target.reset();
    expect(outcomes(await transfer([full], target, { journal }))).toEqual(["multi present"]);
    expect(target.counts).toEqual({ HEAD: 1 });
    await journal.close();
  });

  test("a recorded child that was deleted at the target is mended with recheck", async () => {
    await using dir = await tempDir();
    const source = new MemoryStore();
    const target = new MemoryStore({ name: "target" });
    const root = await indexRoot(source, ["amd64", "arm64"]);
    const journal = await openJournal(`${dir.path}/journal`);
    await transfer([root], target, { journal });
    const [child] = await children(source, root);
    await target.delete(root.to, child?.digest ?? "");
    expect(outcomes(await transfer([root], target, { journal }))).toEqual(["multi present"]);
    expect(outcomes(await transfer([root], target, { journal, recheck: true }))).toEqual(["multi copied"]);
    expect(outcomes(await transfer([root], target, { journal, recheck: true }))).toEqual(["multi present"]);
    expect(await target.resolve(root.to, child?.digest ?? "")).toBeDefined();
    await journal.close();
  });

  test("a target that was wiped is filled again, whatever the record says", async () => {
    await using dir = await tempDir();
    const source = new MemoryStore();
    const root = await rootOf(source, "a", { layers: ["one", "two"] });
    const journal = await openJournal(`${dir.path}/journal`);
    await transfer([root], new MemoryStore({ name: "target" }), { journal });
    const target = new MemoryStore({ name: "target" });
    expect(outcomes(await transfer([root], target, { journal }))).toEqual(["a copied"]);
    expect(await target.resolve(root.to, "v1")).toMatchObject({ digest: root.descriptor.digest });
    await journal.close();
  });

  test("what an earlier run put into another repository is mounted from there", async () => {
    await using dir = await tempDir();
    const source = new MemoryStore();
    const target = new CountingStore({ name: "target" });
    const journal = await openJournal(`${dir.path}/journal`);
    await transfer([await rootOf(source, "a", { layers: ["base", "a"] })], target, { journal });
    target.reset();
    const report = await transfer([await rootOf(source, "b", { layers: ["base", "b"] })], target, { journal });
    expect(report.moved).toMatchObject({ blobs: 2, mountedBlobs: 1 });
    expect(target.counts).toEqual({ HEAD: 1, GET: 1, POST: 3, PUT: 3 });
    await journal.close();
  });

  test("an image that is there under another tag only gets its tag", async () => {
    const source = new MemoryStore();
    const target = new CountingStore();
    const root = await rootOf(source, "a", { layers: ["one"] });
    await transfer([root], target);
    target.reset();
    const report = await transfer([{ ...root, tags: ["v1", "v2"] }], target);
    expect(report.moved).toMatchObject({ blobs: 0, manifests: 1 });
    expect(target.log.filter((line) => line.startsWith("PUT"))).toEqual(["PUT manifest mirror/a v2"]);
  });
});

async function firstLayer(source: MemoryStore, root: Root | undefined): Promise<Descriptor> {
  if (root === undefined) throw new Error("no root");
  const { bytes } = await source.manifest(root.from, root.descriptor);
  const { layers } = JSON.parse(new TextDecoder().decode(bytes)) as { layers: Descriptor[] };
  return layers[0] ?? { mediaType: "", digest: digestOf(bytes), size: 0 };
}

async function children(source: MemoryStore, root: Root): Promise<Descriptor[]> {
  const { bytes } = await source.manifest(root.from, root.descriptor);
  return (JSON.parse(new TextDecoder().decode(bytes)) as { manifests: Descriptor[] }).manifests;
}
