import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openFileCatalog } from "@skerry/catalog";
import { MemoryStore, parseManifest, Registries, referenceName, walkImage } from "@skerry/oci";
import { afterAll, describe, expect, test } from "vitest";
import { type BuildUpstreamOptions, buildUpstream, type Upstream } from "./build.ts";
import { replaceDigests } from "./digests.ts";
import { referencesIn } from "./references.ts";
import { registriesConf, upstreamRepository } from "./registries-conf.ts";
import { serveUpstream } from "./serve.ts";

const sample = resolve(import.meta.dirname, "..", "..", "..", "examples", "quickstart");
const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "skerry-upstream-"));
  folders.push(path);
  return path;
}

async function build(options: Partial<BuildUpstreamOptions> = {}): Promise<{ upstream: Upstream; store: MemoryStore; copy: string }> {
  const store = new MemoryStore();
  const copy = await folder();
  const upstream = await buildUpstream({
    catalogs: [{ dir: join(sample, "catalog"), reference: "registry.isle.example/catalogs/operator-index:v1", copyTo: copy }],
    bundlesDir: join(sample, "bundles"),
    seed: "test",
    target: store,
    ...options,
  });
  return { upstream, store, copy };
}

const masked = (text: string): string => text.replace(/sha256:[0-9a-f]{64}/g, "sha256:-");

describe("an upstream made of a catalog", () => {
  test("has every image that the copy names, whole, and the copy differs in digests only", async () => {
    const { upstream, store, copy } = await build();
    const catalog = await openFileCatalog(copy);
    let references = 0;
    for (const { name, bundles } of catalog.packages) {
      const path = join(name, "catalog.yaml");
      const [before, after] = [await readFile(join(sample, "catalog", path), "utf8"), await readFile(join(copy, path), "utf8")];
      expect(masked(after)).toBe(masked(before));
      expect(after).not.toBe(before);
      for (const { name: bundle } of bundles.values()) {
        for (const reference of referencesIn(await catalog.bundle(name, bundle))) {
          const at = { repository: upstreamRepository(`${reference.registry}/${reference.repository}`) };
          const descriptor = await store.resolve(at, referenceName(reference));
          if (descriptor === undefined) throw new Error(`${reference.text} is not there`);
          const graph = await walkImage(store, at, descriptor, { referrers: "all" });
          expect(graph.problems).toEqual([]);
          for (const blob of graph.blobs.values()) expect(await store.has(at, blob)).toBe(true);
          references += 1;
        }
      }
    }
    await catalog.close();
    expect(references).toBe(179);
    expect(upstream.images.filter(({ kind }) => kind === "bundle")).toHaveLength(37);
    expect(upstream.hosts).toEqual([
      "images.southreef.example",
      "quay.isle.example",
      "registry.isle.example",
      "registry.northlight.example",
    ]);
  });

  test("is the same for the same seed and another for another", async () => {
    const packages = { packages: ["ferry-mesh"] };
    const catalogs = async (): Promise<BuildUpstreamOptions["catalogs"]> => [
      { dir: join(sample, "catalog"), reference: "registry.isle.example/catalogs/operator-index:v1", copyTo: await folder(), ...packages },
    ];
    const [one, same, other] = [
      await build({ catalogs: await catalogs() }),
      await build({ catalogs: await catalogs() }),
      await build({ catalogs: await catalogs(), seed: "other" }),
    ];
    expect(same.upstream).toEqual(one.upstream);
    expect(other.upstream.images.map(({ repository, tags }) => [repository, tags])).toHaveLength(one.upstream.images.length);
    expect([...other.upstream.replacements.values()]).not.toEqual([...one.upstream.replacements.values()]);
  });

  test("holds the kinds of images that registries hold, sharing base layers", async () => {
    const { upstream, store } = await build();
    const seen = new Set<string>();
    for (const { repository, digest, mediaType } of upstream.images) {
      const at = { repository: upstreamRepository(repository) };
      const descriptor = await store.resolve(at, digest);
      if (descriptor === undefined) throw new Error(`${repository}@${digest} is not there`);
      const graph = await walkImage(store, at, descriptor, { referrers: "all" });
      seen.add(mediaType);
      for (const manifest of graph.manifests) {
        seen.add(manifest.role);
        if (manifest.platform !== undefined) seen.add(manifest.platform.architecture);
      }
    }
    expect([...seen].sort()).toEqual([
      "amd64",
      "application/vnd.docker.distribution.manifest.list.v2+json",
      "application/vnd.docker.distribution.manifest.v2+json",
      "application/vnd.oci.image.index.v1+json",
      "application/vnd.oci.image.manifest.v1+json",
      "arm64",
      "child",
      "cosign",
      "ppc64le",
      "referrer",
      "root",
      "s390x",
      "unknown",
    ]);
  });

  test("weighs about what was asked for", async () => {
    const asked = 20_000_000;
    const { upstream } = await build({ totalBytes: asked });
    expect(upstream.pushed.bytes).toBeGreaterThan(asked * 0.6);
    expect(upstream.pushed.bytes).toBeLessThan(asked * 1.4);
  });

  test("leaves out what is to be missing", async () => {
    const { upstream, store } = await build({
      missing: ["registry.northlight.example/beacon/buoy:v1.0"],
      images: ["quay.isle.example/a:1", "quay.isle.example/a:2"],
    });
    expect(upstream.images.some(({ tags }) => tags.includes("v1.0"))).toBe(false);
    expect(await store.resolve({ repository: "registry.northlight.example/beacon/buoy" }, "v0.9")).toBeDefined();
    expect(await store.resolve({ repository: "quay.isle.example/a" }, "2")).toBeDefined();
  });

  test("is served by registries.conf, and made once", async () => {
    const root = await folder();
    const options = {
      root,
      seed: "served",
      catalogs: [
        { dir: join(sample, "catalog"), reference: "registry.isle.example/catalogs/operator-index:v1", packages: ["buoy-operator"] },
      ],
    };
    const first = await serveUpstream(options);
    const { images, replacements } = first;
    await first.close();
    await using again = await serveUpstream(options);
    expect([first.made, again.made]).toEqual([true, false]);
    expect([again.images, again.replacements]).toEqual([images, replacements]);
    await using registries = new Registries({ insecureHosts: [again.host] });
    const reader = registries.writer(again.host);
    const catalog = images.find(({ kind }) => kind === "catalog");
    const at = { repository: "registry.isle.example/catalogs/operator-index" };
    const found = await reader.resolve(at, "v1");
    expect(found?.digest).toBe(catalog?.digest);
    if (found === undefined) throw new Error("the catalog image is not there");
    const index = parseManifest((await reader.manifest(at, found)).bytes, found.mediaType);
    expect(index.kind === "index" && index.manifests.map(({ platform }) => platform?.architecture)).toEqual([
      "amd64",
      "arm64",
      "ppc64le",
      "s390x",
    ]);
    await using other = await serveUpstream({ ...options, root: await folder(), seed: "another" });
    expect(other.made).toBe(true);
  });
});

describe("digests", () => {
  const [from, to] = [`sha256:${"a".repeat(64)}`, `sha256:${"b".repeat(64)}`];

  test("are replaced everywhere, also inside olm.bundle.object, and nothing else is", () => {
    const csv = Buffer.from(JSON.stringify({ kind: "ClusterServiceVersion", image: `q.example/a@${from}`, é: "ü" }));
    const text = `image: q.example/a@${from}\nother: ${from}0\ndata: ${csv.toString("base64")}\n{"data": "${csv.toString("base64")}"}\n`;
    const replaced = replaceDigests(text, new Map([[from, to]]));
    const after = Buffer.from(csv.toString("utf8").replace(from, to)).toString("base64");
    expect(replaced).toBe(`image: q.example/a@${to}\nother: ${from}0\ndata: ${after}\n{"data": "${after}"}\n`);
    expect(replaceDigests(text, new Map())).toBe(text);
  });
});

describe("references", () => {
  test("are found where manifests name images, spelled right or wrong", () => {
    const document = {
      image: "q.example/a:1",
      relatedImages: [
        { name: "b", value: "q.example/b:1" },
        { name: "", image: "" },
        { name: "c", image: "oci://q.example/c:1" },
      ],
      env: [
        { name: "RELATED_IMAGE_D", value: "q.example/d:1" },
        { name: "OTHER", value: "q.example/e:1" },
      ],
      text: `see q.example/f@sha256:${"0".repeat(64)}.`,
      data: Buffer.from(JSON.stringify({ image: "q.example/g:1" })).toString("base64"),
    };
    expect(
      referencesIn(document)
        .map(({ repository }) => repository)
        .sort(),
    ).toEqual(["a", "b", "c", "d", "f", "g"]);
  });
});

describe("registries.conf", () => {
  test("sends hosts with ports where a path can name them", () => {
    expect(upstreamRepository("registry.example.com:5000/a/b")).toBe("registry.example.com_5000/a/b");
    expect(registriesConf(["b.example:5000", "a.example"], "127.0.0.1:1")).toContain(
      '[[registry]]\nprefix = "b.example:5000"\nlocation = "127.0.0.1:1/b.example_5000"\ninsecure = true\n',
    );
  });
});
