import { digestOf, MemoryStore, manifestContents, parseManifest, type Reader, Registries, type Root, transfer } from "@skerry/oci";
import { startRegistry } from "@skerry/registry";
import { expect, test } from "vitest";
import { addImage } from "../../packages/oci/src/testing/images.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { faultyProxy } from "./faulty-proxy.ts";

const IMAGES = 200;

/** Fills the upstream over a clean wire; the images share a base layer per group of ten. */
async function seed(upstream: string): Promise<{ readonly roots: readonly Omit<Root, "source">[]; readonly cleanRequests: number }> {
  const memory = new MemoryStore();
  const roots: Root[] = [];
  for (let index = 0; index < IMAGES; index++) {
    const from = { repository: `org/app${index}` };
    const layers = [`base ${Math.floor(index / 10)}`, `own ${index}`];
    const descriptor = await addImage(memory, from, { layers, layerBytes: 20_000 + index * 150, tags: ["v1"] });
    roots.push({ id: String(index), source: memory, from, descriptor, to: from, tags: ["v1"], referrers: "none" });
  }
  await using proxy = await faultyProxy(upstream, { seed: 1, share: 0 });
  await using registries = new Registries({ insecureHosts: [proxy.host] });
  const report = await transfer(roots, registries.writer(proxy.host), { gates: registries.gates });
  expect(report.outcomes.every(({ outcome }) => outcome === "copied")).toBe(true);
  // A copy from a registry asks the source for each manifest and each blob besides.
  return { roots, cleanRequests: proxy.requests + IMAGES + report.moved.blobs };
}

/** Copies everything through two proxies and says what that took. */
async function copyThrough(
  ends: { readonly upstream: string; readonly mirror: string },
  options: { readonly roots: readonly Omit<Root, "source">[]; readonly share: number },
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
  await using mirror = await startRegistry({ root: folder.join("mirror") });
  const { roots, cleanRequests } = await seed(upstream.host);
  const faulty = await copyThrough({ upstream: upstream.host, mirror: mirror.host }, { roots, share: 0.08 });
  expect(faulty.report.outcomes.flatMap(({ id, error }) => (error === undefined ? [] : [`${id}: ${error.message}`]))).toEqual([]);
  for (const played of faulty.faults)
    for (const fault of ["reset", "stall", "refuse"] as const) expect(played.get(fault)).toBeGreaterThan(0);
  expect(faulty.faults[0]?.get("corrupt-response")).toBeGreaterThan(0);
  expect(faulty.faults[1]?.get("corrupt-request")).toBeGreaterThan(0);
  expect(faulty.requests).toBeLessThanOrEqual(1.3 * cleanRequests + faulty.retries);
  await using registries = new Registries({ insecureHosts: [mirror.host] });
  const reader = registries.reader(mirror.host);
  await Promise.all(roots.map((root) => verify(reader, root)));
}, 600_000);
