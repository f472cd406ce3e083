import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { OciError } from "../errors.ts";
import type { Descriptor } from "../model/descriptor.ts";
import { MemoryStore } from "../store/memory/memory-store.ts";
import type { ByteSource, Place } from "../store/types.ts";
import { FixedGates } from "../testing/gates.ts";
import { addImage } from "../testing/images.ts";
import { transfer } from "./transfer.ts";
import type { Root } from "./types.ts";

/** Some images: where each goes, and which of a few layers it has. */
const images = fc.array(
  fc.record({
    repository: fc.integer({ min: 0, max: 3 }),
    layers: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 12 },
);

/** A source whose blobs come late and in parts, some of them never. */
class Unsteady extends MemoryStore {
  readonly broken = new Set<string>();

  override blob(at: Place, descriptor: Descriptor): ByteSource {
    const source = super.blob(at, descriptor);
    const isBroken = this.broken.has(descriptor.digest);
    return {
      size: source.size,
      async *open(offset) {
        for (let wait = descriptor.digest.charCodeAt(10) % 5; wait > 0; wait--) await turn();
        if (isBroken) throw new OciError({ code: "DENIED", message: "not for you" });
        yield* source.open(offset);
      },
    };
  }
}

test("whatever images share, every run ends, each blob moves once, and only images with a broken layer fail", async () => {
  await fc.assert(
    fc.asyncProperty(images, fc.integer({ min: 1, max: 3 }), fc.option(fc.integer({ min: 0, max: 6 })), async (specs, places, broken) => {
      const source = new Unsteady({ host: "source.test" });
      const target = new MemoryStore({ host: "target.test" });
      const roots: Root[] = [];
      for (const [index, { repository, layers }] of specs.entries()) {
        const from = { repository: `from${index}` };
        const descriptor = await addImage(source, from, { layers: layers.map(String), layerBytes: 50 });
        roots.push({
          id: String(index),
          source,
          from,
          descriptor,
          to: { repository: `to${repository}` },
          tags: [`t${index}`],
          referrers: "none",
        });
        const brokenAt = layers.indexOf(broken ?? -1);
        if (brokenAt >= 0) source.broken.add((await layersOf(source, roots.at(-1)))[brokenAt]?.digest ?? "");
      }
      const gates = new FixedGates(places);
      const report = await transfer(roots, target, { gates, window: 5, concurrency: 3 });
      expect(gates.held).toBe(0);
      for (const [index, { layers }] of specs.entries()) {
        const isWhole = !layers.includes(broken ?? -1);
        expect([index, report.outcomes[index]?.outcome !== "failed"]).toEqual([index, isWhole]);
        const found = await target.resolve(roots[index]?.to ?? { repository: "" }, `t${index}`);
        expect(found?.digest).toBe(isWhole ? roots[index]?.descriptor.digest : undefined);
      }
      const started = new Set(roots.map(({ descriptor }) => descriptor.digest)).size;
      const unique = new Set(specs.flatMap(({ layers }) => layers)).size;
      expect(report.moved.blobs).toBeLessThanOrEqual(unique + started);
    }),
    { numRuns: 60 },
  );
});

async function layersOf(source: MemoryStore, root: Root | undefined): Promise<Descriptor[]> {
  if (root === undefined) return [];
  const { bytes } = await source.manifest(root.from, root.descriptor);
  return (JSON.parse(new TextDecoder().decode(bytes)) as { layers: Descriptor[] }).layers;
}
