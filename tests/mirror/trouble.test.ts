import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runInWorld } from "../../packages/cli/src/testing/world.ts";
import { CATALOG, imageSet, type Json, type MirrorWorld, mirrorWorld } from "./world.ts";

async function digestAt(host: string, repository: string, tag: string): Promise<string | null> {
  const answer = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, { method: "HEAD" });
  return answer.headers.get("docker-content-digest");
}

describe("a related image that always fails", () => {
  it("leaves the catalog at the target as it was, byte for byte, and says why", async () => {
    await using world = await mirrorWorld();
    const target = `docker://${world.target.host}/isle`;
    const before = await world.config(imageSet("- name: beacon-operator"));
    expect((await world.json("mirror", "-c", before, "--name", "set", target)).code).toBe(0);
    const previous = await digestAt(world.mirror.host, "isle/catalogs/operator-index", "v1");
    const after = await world.config(imageSet("- name: beacon-operator\n- name: lantern-metrics"));
    const plan = await world.json("plan", "-c", after, "--name", "set", target);
    const bad = plan.result.images.find((image: Json) => image.present === false && image.kind === "related");
    const repository = bad.destination.repository;
    world.target.interfere(({ method, url }) =>
      method === "PUT" && url.startsWith(`/v2/${repository}/manifests/`) ? { status: 400, code: "MANIFEST_INVALID" } : undefined,
    );
    const { code, result } = await world.json("mirror", "-c", after, "--name", "set", target);
    expect({ code, result: result.result }).toEqual({ code: 3, result: "partial" });
    const row = result.images.find((image: Json) => image.origin === bad.origin);
    expect(row).toMatchObject({ outcome: "failed", error: { side: "target", status: 400, registryCode: "MANIFEST_INVALID" } });
    expect(result.catalogs[0]).toMatchObject({ outcome: "skipped" });
    expect(result.catalogs[0].reason).toContain(bad.origin);
    expect(await digestAt(world.mirror.host, "isle/catalogs/operator-index", "v1")).toBe(previous);
    const written = await readFile(join(world.dir, "skerry-set", "cluster-resources", "cs-operator-index-v1.yaml"), "utf8");
    expect(written).toContain(String(previous));
    // Mended, the same command finishes the job.
    world.target.interfere(undefined);
    const again = await world.json("mirror", "-c", after, "--name", "set", target);
    expect({ code: again.code, result: again.result.result }).toEqual({ code: 0, result: "done" });
    expect(await digestAt(world.mirror.host, "isle/catalogs/operator-index", "v1")).toBe(again.result.catalogs[0].targetDigest);
  });
});

describe("what others published wrong", () => {
  let world: MirrorWorld;
  beforeAll(async () => {
    world = await mirrorWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it("repairs what the bundle image still tells, reports what nobody can tell, and accepts the waivers that it printed", async () => {
    const config = await world.config(imageSet("- name: reef-database\n- name: tide-queue"));
    const target = `docker://${world.target.host}/broken`;
    const { code, result } = await world.json("plan", "-c", config, "--name", "broken", target);
    expect(code).toBe(3);
    const rows = result.problems.filter((row: Json) => row.severity !== "info");
    expect(rows.map((row: Json) => [row.code, row.package, row.action, row.waived])).toEqual([
      ["REF_EMPTY", "reef-database", "dropped", false],
      ["REF_VALUE_KEY", "tide-queue", "repaired", false],
    ]);
    expect(rows[0]).toMatchObject({
      bundle: expect.stringMatching(/^reef-database/),
      field: expect.stringMatching(/^relatedImages\[\d+\]\.image$/),
      original: "",
    });
    const printed = await world.run("plan", "-c", config, "--name", "broken", target);
    const waiver = /--waive (\S+)/.exec(printed.stdout)?.[1] ?? "none";
    expect((await world.json("plan", "-c", config, "--name", "broken", "--waive", waiver, target)).code).toBe(0);
    const mirrored = await world.json("mirror", "-c", config, "--name", "broken", "--waive", waiver, target);
    expect({ code: mirrored.code, result: mirrored.result.result }).toEqual({ code: 0, result: "done" });
    expect((await world.json("verify", target)).code).toBe(0);
  });

  it("goes on when one catalog of two answers 401", async () => {
    const second = CATALOG.replace("operator-index", "denied-index");
    const config = await world.config(
      `${imageSet("- name: beacon-operator")}    - catalog: ${second}\n      packages:\n        - name: beacon-operator\n`,
    );
    world.source.interfere(({ url }) =>
      url.includes("denied-index") ? { status: 401, code: "UNAUTHORIZED", headers: { "www-authenticate": 'Basic realm="x"' } } : undefined,
    );
    const { code, result } = await world.json("mirror", "-c", config, "--name", "two", `docker://${world.target.host}/two`);
    world.source.interfere(undefined);
    expect({ code, result: result.result }).toEqual({ code: 3, result: "partial" });
    expect(result.problems.filter((row: Json) => row.severity === "error").map((row: Json) => [row.code, row.subject])).toEqual([
      ["CATALOG_UNREADABLE", second],
    ]);
    expect(result.catalogs.map((row: Json) => row.outcome)).toEqual(["copied"]);
  });

  it("makes a row of an image that is gone, and keeps the rest", async () => {
    const plain = await world.config(imageSet("- name: lantern-metrics"));
    const { result: whole } = await world.json("plan", "-c", plain, "--name", "gone");
    const bad = whole.images.find((image: Json) => image.kind === "related" && image.origin.includes("@"));
    await using other = await mirrorWorld();
    const config = await other.config(imageSet("- name: lantern-metrics"));
    const digest = bad.origin.split("@")[1];
    other.source.interfere(({ url }) => (url.includes(digest) ? { status: 404, code: "MANIFEST_UNKNOWN" } : undefined));
    const { code, result } = await other.json("mirror", "-c", config, "--name", "gone", `docker://${other.target.host}`);
    expect(code).toBe(3);
    expect(result.problems.filter((row: Json) => row.severity === "error").map((row: Json) => [row.code, row.subject])).toEqual([
      ["IMAGE_NOT_FOUND", bad.origin],
    ]);
    expect(result.catalogs[0].outcome).toBe("skipped");
    expect(await readFile(join(other.dir, "skerry-gone", "missing.txt"), "utf8")).toContain(bad.origin);
  });
});

describe("a folder as a catalog", () => {
  it("leaves out a package whose kept bundle cannot be read, with a row, and keeps the rest", async () => {
    await using world = await mirrorWorld();
    const folder = join(world.dir, "upstream", "catalogs", "0");
    const file = join(folder, "lantern-metrics", "catalog.yaml");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replaceAll("relatedImages:\n", "relatedImages: [\n"));
    const config = await world.config(imageSet("- name: beacon-operator\n- name: lantern-metrics").replace(CATALOG, folder));
    const { code, result } = await world.json("plan", "-c", config, "--name", "folder", `docker://${world.target.host}`);
    expect(code).toBe(3);
    const errors = result.problems.filter((row: Json) => row.severity === "error");
    expect(errors.map((row: Json) => [row.code, row.package])).toEqual([["PACKAGE_INVALID", "lantern-metrics"]]);
    expect(result.catalogs[0].packages.map((row: Json) => row.name)).toEqual(["beacon-operator"]);
  });
});

describe("what the user wrote wrong", () => {
  let world: MirrorWorld;
  let target: string;
  beforeAll(async () => {
    world = await mirrorWorld();
    target = `docker://${world.target.host}`;
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it("refuses an unknown key with its place and the nearest known one, and contacts nothing", async () => {
    const config = await world.config(imageSet("- nmae: beacon-operator"));
    world.source.reset();
    const { code, stderr } = await world.run("plan", "-c", config, target);
    expect(code).toBe(2);
    expect(stderr).toMatch(/:7:\d+: .*nmae/);
    expect(stderr).toContain("name");
    expect(world.source.methods()).toEqual({});
  });

  it.each([
    ["- name: beacon-operatr", "beacon-operator"],
    ["- name: chart-store\n  channels:\n    - name: fasst", "fast"],
    ["- name: chart-store\n  minVersion: 9.9.9\n  maxVersion: 9.9.9", "9.9.9"],
  ])("refuses %j and names the nearest", async (packages, nearest) => {
    const config = await world.config(imageSet(packages));
    const { code, stderr } = await world.run("plan", "-c", config, "--name", "bad", target);
    expect(code).toBe(2);
    expect(stderr).toContain(nearest);
  });

  it("refuses a target that refuses the push before anything moves", async () => {
    const config = await world.config(imageSet("- name: beacon-operator"));
    world.target.reset();
    world.target.interfere(({ method }) => (method === "POST" ? { status: 403, code: "DENIED" } : undefined));
    const { code, stderr } = await world.run("mirror", "-c", config, "--name", "push", `${target}/isle`);
    world.target.interfere(undefined);
    expect(code).toBe(4);
    expect(stderr).toContain("403");
    expect(stderr).toContain("skerry login");
    expect(world.target.methods()).toEqual({ POST: 1 });
  });

  it("says that a registry speaks HTTP where HTTPS was expected", async () => {
    const config = await world.config(imageSet("- name: beacon-operator"));
    const args = ["mirror", "-c", config, "--name", "http", "--registries-conf", join(world.dir, "registries.conf"), target];
    const { code, stderr } = await runInWorld(args, { cwd: world.dir, home: world.dir });
    expect(code).toBe(1);
    expect(stderr).toMatch(/HTTP/);
    expect(stderr).toContain("--insecure");
  });

  it("refuses two sources for one destination tag, naming both", async () => {
    const first = await world.json("plan", "-c", await world.config(imageSet("- name: buoy-operator")), "--name", "tags");
    const tagged = first.result.images.find((image: Json) => image.kind === "related" && !image.origin.includes("@"));
    const { repository, tag } = tagged.destination;
    const config = await world.config(
      imageSet(
        "- name: buoy-operator",
        `  additionalImages:\n    - name: quay.isle.example/shared/toolbox:1.4\n      targetRepo: ${repository}\n      targetTag: "${tag}"\n`,
      ),
    );
    const { code, stderr } = await world.run("plan", "-c", config, "--name", "tags", target);
    expect(code).toBe(4);
    expect(stderr).toContain(tagged.origin);
    expect(stderr).toContain("quay.isle.example/shared/toolbox:1.4");
    expect(stderr).toContain("--dest-layout");
  });

  it("makes a row of a tag that does not exist", async () => {
    const config = await world.config(
      imageSet("- name: beacon-operator", "  additionalImages:\n    - name: quay.isle.example/shared/toolbox:9.9\n"),
    );
    const { code, result } = await world.json("plan", "-c", config, "--name", "notag", target);
    expect(code).toBe(3);
    expect(result.problems.map((row: Json) => row.code)).toContain("IMAGE_NOT_FOUND");
  });

  it("never writes a blob whose bytes do not match its digest", async () => {
    await using other = await mirrorWorld();
    const config = await other.config(imageSet("- name: beacon-operator"));
    expect((await other.json("plan", "-c", config, "--name", "bytes")).code).toBe(0);
    // The source hands out an error page with status 200 for every blob.
    other.source.interfere(({ method, url }) => (method === "GET" && url.includes("/blobs/") ? { status: 200 } : undefined));
    const { code, result } = await other.json("mirror", "-c", config, "--name", "bytes", "--retries", "0", `docker://${other.target.host}`);
    expect(code).toBe(1);
    expect(result.result).toBe("failed");
    expect(new Set(result.images.filter((image: Json) => image.outcome === "failed").map((image: Json) => image.error.side))).toEqual(
      new Set(["source"]),
    );
    expect(other.target.seen.filter(({ url, status }) => url.includes("/blobs/") && status === 201)).toEqual([]);
  });
});
