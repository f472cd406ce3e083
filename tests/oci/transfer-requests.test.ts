import { cachedReader, MemoryStore, memoryManifestCache, openJournal, platformFilter, Registries, type Root, transfer } from "@skerry/oci";
import { startRegistry } from "@skerry/registry";
import { expect, test } from "vitest";
import { addImage, addIndex, linux } from "../../packages/oci/src/testing/images.ts";
import { dockerRegistryProgram, startDockerRegistry } from "../support/docker-registry.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { watchRegistry } from "../support/watched-registry.ts";

/** Three images with two layers in common, and an index of two platforms that shares one of them. */
async function fill(host: string): Promise<Root[]> {
  const memory = new MemoryStore();
  const roots: Root[] = [];
  const add = (name: string, descriptor: Root["descriptor"]): void => {
    const from = { repository: `org/${name}` };
    roots.push({ id: name, source: memory, from, descriptor, to: { repository: `mirror/${name}` }, tags: ["v1"], referrers: "none" });
  };
  for (const name of ["a", "b", "c"]) {
    add(name, await addImage(memory, { repository: `org/${name}` }, { layers: ["base1", "base2", name], tags: ["v1"] }));
  }
  const at = { repository: "org/multi" };
  const manifests = await Promise.all(
    ["amd64", "arm64"].map((arch) => addImage(memory, at, { layers: ["base1", `multi-${arch}`], platform: linux(arch) })),
  );
  add("multi", await addIndex(memory, at, { manifests, tags: ["v1"] }));
  await using registries = new Registries({ insecureHosts: [host] });
  const seeded = await transfer(
    roots.map((root) => ({ ...root, to: root.from })),
    registries.writer(host),
  );
  expect(seeded.outcomes.map(({ outcome }) => outcome)).not.toContain("failed");
  return roots;
}

test("requests between two registries are exactly those that the graph needs", async () => {
  await using folder = await tempFolder();
  await using upstream = await startRegistry({ root: folder.join("upstream") });
  await using mirror = await startRegistry({ root: folder.join("mirror") });
  const roots = await fill(upstream.host);
  await using source = await watchRegistry(upstream.host);
  await using target = await watchRegistry(mirror.host);
  await using registries = new Registries({ insecureHosts: [source.host, target.host] });
  await using journal = await openJournal(folder.join("journal"));
  const reader = cachedReader(registries.reader(source.host), memoryManifestCache());
  const wanted = roots.map((root) => ({ ...root, source: reader }));
  const options = { gates: registries.gates, journal };

  const cold = await transfer(wanted, registries.writer(target.host), options);
  expect(cold.outcomes.map(({ outcome }) => outcome)).toEqual(["copied", "copied", "copied", "copied"]);
  expect(withoutPings(source)).toEqual({ GET: 6 + 12 });
  // A record that knows nothing of this target: one list per repository, and no look; 12 small uploads, five mounts; 6 manifests.
  expect(withoutPings(target)).toEqual({ GET: 4, POST: 12 + 5, PUT: 6 });

  source.reset();
  target.reset();
  const warm = await transfer(wanted, registries.writer(target.host), options);
  expect(warm.outcomes.map(({ outcome }) => outcome)).toEqual(["present", "present", "present", "present"]);
  expect([withoutPings(source), withoutPings(target)]).toEqual([{}, { HEAD: 4 }]);
});

test.skipIf(dockerRegistryProgram === undefined)(
  "a registry that takes no blob whole costs two requests for each (needs docker-registry)",
  async () => {
    await using folder = await tempFolder();
    await using upstream = await startRegistry({ root: folder.join("upstream") });
    await using mirror = await startDockerRegistry(dockerRegistryProgram ?? "");
    const roots = await fill(upstream.host);
    await using target = await watchRegistry(mirror.host);
    await using registries = new Registries({ insecureHosts: [upstream.host, target.host] });
    await using journal = await openJournal(folder.join("journal"));
    const wanted = roots.map((root) => ({ ...root, source: registries.reader(upstream.host) }));
    await transfer(wanted, registries.writer(target.host), { gates: registries.gates, journal });
    expect(withoutPings(target)).toEqual({ GET: 4, POST: 12 + 5, PUT: 12 + 6 });
  },
);

test("a new record for a full target costs one list per repository, and a look per root", async () => {
  await using folder = await tempFolder();
  await using upstream = await startRegistry({ root: folder.join("upstream") });
  await using mirror = await startRegistry({ root: folder.join("mirror") });
  const roots = await fill(upstream.host);
  await using target = await watchRegistry(mirror.host);
  await using registries = new Registries({ insecureHosts: [upstream.host, target.host] });
  const wanted = roots.map((root) => ({ ...root, source: registries.reader(upstream.host) }));
  await transfer(wanted, registries.writer(target.host));
  target.reset();
  await using journal = await openJournal(folder.join("journal"));
  const again = await transfer(wanted, registries.writer(target.host), { journal });
  expect(again.outcomes.map(({ outcome }) => outcome)).toEqual(["present", "present", "present", "present"]);
  // The two children of the index are looked at, too.
  expect(withoutPings(target)).toEqual({ GET: 4, HEAD: 4 + 2 });
});

test("sparse, then full: the index stays the same and every child arrives", async () => {
  await using folder = await tempFolder();
  await using upstream = await startRegistry({ root: folder.join("upstream") });
  await using mirror = await startRegistry({ root: folder.join("mirror") });
  const multi = (await fill(upstream.host)).filter(({ id }) => id === "multi");
  await using registries = new Registries({ insecureHosts: [upstream.host, mirror.host] });
  const wanted = multi.map((root) => ({ ...root, source: registries.reader(upstream.host) }));
  const writer = registries.writer(mirror.host);
  const sparse = await transfer(
    wanted.map((root) => ({ ...root, platforms: platformFilter([linux("amd64")]) })),
    writer,
  );
  expect(sparse.moved).toMatchObject({ blobs: 3, manifests: 2 });
  const full = await transfer(wanted, writer);
  expect(full.moved).toMatchObject({ blobs: 2, manifests: 1 });
  expect((await transfer(wanted, writer)).outcomes.map(({ outcome }) => outcome)).toEqual(["present"]);
});

test.skipIf(dockerRegistryProgram === undefined)(
  "a registry that refuses sparse indexes says so by code (needs docker-registry)",
  async () => {
    await using folder = await tempFolder();
    await using upstream = await startRegistry({ root: folder.join("upstream") });
    await using mirror = await startDockerRegistry(dockerRegistryProgram ?? "");
    const multi = (await fill(upstream.host)).filter(({ id }) => id === "multi");
    await using registries = new Registries({ insecureHosts: [upstream.host, mirror.host] });
    const wanted = multi.map((root) => ({
      ...root,
      source: registries.reader(upstream.host),
      platforms: platformFilter([linux("amd64")]),
    }));
    const report = await transfer(wanted, registries.writer(mirror.host));
    expect(report.outcomes[0]?.error).toMatchObject({ code: "SPARSE_REFUSED", side: "target" });
  },
);

test.skipIf(dockerRegistryProgram === undefined)("referrers and cosign tags go there and back (needs docker-registry)", async () => {
  await using folder = await tempFolder();
  await using embedded = await startRegistry({ root: folder.join("registry") });
  await using reference = await startDockerRegistry(dockerRegistryProgram ?? "");
  await using registries = new Registries({ insecureHosts: [embedded.host, reference.host] });
  const memory = new MemoryStore();
  const at = { repository: "org/signed" };
  const children = [await addImage(memory, at, { layers: ["x"], platform: linux("amd64") })];
  const descriptor = await addIndex(memory, at, { manifests: children, tags: ["v1"] });
  const sbom = await addImage(memory, at, { layers: ["sbom"], subject: descriptor, artifactType: "application/spdx+json" });
  const attestation = await addImage(memory, at, { layers: ["of the sbom"], subject: sbom, artifactType: "application/test" });
  const cosign = `${descriptor.digest.replace(":", "-")}.sig`;
  await addImage(memory, at, { layers: ["signature"], tags: [cosign] });

  const legs = [
    { source: memory, target: registries.writer(reference.host) },
    { source: registries.reader(reference.host), target: registries.writer(embedded.host) },
  ];
  for (const { source, target } of legs) {
    const root: Root = { id: "signed", source, from: at, descriptor, to: at, tags: ["v1"], referrers: "all" };
    const report = await transfer([root], target, { gates: registries.gates });
    expect(report.outcomes.map(({ outcome, error }) => [outcome, error?.message])).toEqual([["copied", undefined]]);
    expect((await target.resolve(at, "v1"))?.digest).toBe(descriptor.digest);
    expect(await target.resolve(at, cosign)).toBeDefined();
    expect((await Array.fromAsync(target.referrers(at, descriptor.digest))).map(({ digest }) => digest)).toEqual([sbom.digest]);
    expect((await Array.fromAsync(target.referrers(at, sbom.digest))).map(({ digest }) => digest)).toEqual([attestation.digest]);
    const again = await transfer([root], target, { gates: registries.gates });
    expect(again.outcomes.map(({ outcome }) => outcome)).toEqual(["present"]);
  }
});

/** A client asks `/v2/` once per host for the challenge, if at all; what the graph needs is the rest. */
function withoutPings(watched: { readonly seen: readonly { readonly method: string; readonly url: string }[] }): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { method, url } of watched.seen) if (url !== "/v2/") counts[method] = (counts[method] ?? 0) + 1;
  return counts;
}
