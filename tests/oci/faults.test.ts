import { digestOf, MemoryStore, manifestContents, parseManifest, type Reader, Registries, type Root, transfer } from "@skerry/oci";
import { startRegistry } from "@skerry/registry";
import { expect, test } from "vitest";
import { addImage } from "../../packages/oci/src/testing/images.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { faultyProxy } from "./faulty-proxy.ts";

const IMAGES = 200;

/** Images that share two base layers per group of ten. */
async function seed(host: string): Promise<Omit<Root, "source">[]> {
  const memory = new MemoryStore();
  const roots: Root[] = [];
  for (let index = 0; index < IMAGES; index++) {
    const from = { repository: `org/app${index}` };
    const layers = [`base ${Math.floor(index / 10)}`, `second ${Math.floor(index / 10)}`, `own ${index}`];
    const descriptor = await addImage(memory, from, { layers, layerBytes: 20_000 + index * 150, tags: ["v1"] });
    roots.push({ id: String(index), source: memory, from, descriptor, to: from, tags: ["v1"], referrers: "none" });
  }
  await using registries = new Registries({ insecureHosts: [host] });
  const report = await transfer(roots, registries.writer(host), { gates: registries.gates });
  expect(report.outcomes.every(({ outcome }) => outcome === "copied")).toBe(true);
  return roots;
}

/** Copies everything through two proxies and says what that took. */
async function copyThrough(
  ends: { readonly upstream: string; readonly mirror: string },
  options: { roots: readonly Omit<Root, "source">[]; share: number },
) {
  await using source = await faultyProxy(ends.upstream, { seed: 7, share: options.share });
  await using target = await faultyProxy(ends.mirror, { seed: 11, share: options.share });
  await using registries = new Registries({ insecureHosts: [source.host, target.host], stallTimeoutMs: 500, backoffMs: 5, retries: 8 });
  const reader = registries.reader(source.host);
  const report = await transfer(
    options.roots.map((root) => ({ ...root, source: reader })),
    registries.writer(target.host),
    { gates: registries.gates, backoffMs: 5, tries: 10 },
  );
  return {
    report,
    requests: source.requests + target.requests,
    retries: registries.retries() + report.retries,
    faults: [source.played, target.played],
  };
}

/** Reads an image back, verifying every digest. */
async function verify(reader: Reader, root: Omit<Root, "source">): Promise<void> {
  const found = await reader.resolve(root.to, "v1");
  expect(found?.digest).toBe(root.descriptor.digest);
  const { bytes, mediaType } = await reader.manifest(root.to, root.descriptor);
  for (const blob of manifestContents(parseManifest(bytes, mediaType))) {
    expect(digestOf(Buffer.concat(await Array.fromAsync(reader.blob(root.to, blob).open(0))))).toBe(blob.digest);
  }
}

test("200 images arrive whole through wires that reset, stall and corrupt", async () => {
  await using folder = await tempFolder();
  await using upstream = await startRegistry({ root: folder.join("upstream") });
  await using clean = await startRegistry({ root: folder.join("clean") });
  await using mirror = await startRegistry({ root: folder.join("mirror") });
  const roots = await seed(upstream.host);
  const baseline = await copyThrough({ upstream: upstream.host, mirror: clean.host }, { roots, share: 0 });
  const faulty = await copyThrough({ upstream: upstream.host, mirror: mirror.host }, { roots, share: 0.06 });
  expect(faulty.report.outcomes.flatMap(({ id, error }) => (error === undefined ? [] : [`${id}: ${error.message}`]))).toEqual([]);
  for (const played of faulty.faults)
    for (const fault of ["reset", "stall", "refuse"] as const) expect(played.get(fault)).toBeGreaterThan(0);
  expect(faulty.faults[0]?.get("corrupt-response")).toBeGreaterThan(0);
  expect(faulty.faults[1]?.get("corrupt-request")).toBeGreaterThan(0);
  expect(faulty.requests).toBeLessThanOrEqual(1.3 * baseline.requests + faulty.retries);
  await using registries = new Registries({ insecureHosts: [mirror.host] });
  const reader = registries.reader(mirror.host);
  for (const root of roots) await verify(reader, root);
});
