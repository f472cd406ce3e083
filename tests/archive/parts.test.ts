import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageSet, type Json, type MirrorWorld, mirrorWorld } from "../mirror/world.ts";
import { type FarRun, farSideOf } from "./far-side.ts";

describe("parts of archives", () => {
  let world: MirrorWorld;
  let far: (...args: readonly string[]) => Promise<FarRun>;
  let first: string;
  let firstLock: string;
  let later: string;

  beforeAll(async () => {
    world = await mirrorWorld();
    far = await farSideOf(world);
    first = join(world.dir, "first");
    later = join(world.dir, "later");
    const one = await world.config(imageSet("- name: beacon-operator"));
    expect((await world.json("mirror", "-c", one, "--name", "job", `file://${first}`)).code).toBe(0);
    firstLock = join(world.dir, "first.lock");
    await cp(join(world.dir, "skerry-job", "imageset.lock"), firstLock);
    const both = await world.config(imageSet("- name: beacon-operator\n- name: buoy-operator\n- name: lantern-metrics"));
    expect((await world.json("mirror", "-c", both, "--name", "job", "--since", firstLock, `file://${later}`)).code).toBe(0);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const into = (prefix: string): string => `docker://${world.target.host}/${prefix}`;
  const contentsOf = async (dir: string): Promise<Json> => JSON.parse(await readFile(join(dir, "contents.json"), "utf8"));

  it("an increment leaves out what the far side has, and says what it relies on", async () => {
    const [whole, increment] = [await contentsOf(first), await contentsOf(later)];
    expect(increment.base.lockDigest).toMatch(/^sha256:/);
    expect(increment.relies.length).toBeGreaterThan(0);
    const held = new Set(whole.blobs.map((blob: Json) => blob.digest));
    expect(increment.relies.every((row: Json) => held.has(row.digest) && row.repositories.length > 0)).toBe(true);
    const again = new Set(increment.blobs.map((blob: Json) => blob.digest));
    expect(increment.relies.filter((row: Json) => again.has(row.digest))).toEqual([]);
  });

  it("a gap ends the import before anything is tagged; the request brings exactly what is missing", async () => {
    world.target.reset();
    const { code, error } = await far("mirror", "--from", `file://${later}`, "--insecure", into("gap"));
    expect([code, error.code]).toEqual([4, "GAP"]);
    expect(world.target.seen.filter(({ method }) => method !== "GET" && method !== "HEAD")).toEqual([]);
    const path = join(world.dir, "far", "skerry-job", "request.json");
    const request = JSON.parse(await readFile(path, "utf8")) as Json;
    expect(request.missing.map((row: Json) => row.digest)).toEqual((await contentsOf(later)).relies.map((row: Json) => row.digest));

    const answer = join(world.dir, "answer");
    const lock = join(world.dir, "skerry-job", "imageset.lock");
    expect((await world.json("mirror", "--lock", lock, "--request", path, `file://${answer}`)).code).toBe(0);
    const brought = new Set((await contentsOf(answer)).blobs.map((blob: Json) => blob.digest));
    expect(request.missing.filter((row: Json) => !brought.has(row.digest))).toEqual([]);
    // The manifests that lead there travel too, and nothing else.
    const { images } = JSON.parse(await readFile(lock, "utf8")) as Json;
    const manifests = images.flatMap((image: Json) => [image, ...image.children, ...image.referrers].map((row: Json) => row.digest));
    const asked = new Set([...manifests, ...request.missing.map((row: Json) => row.digest)]);
    expect([...brought].filter((digest) => !asked.has(digest))).toEqual([]);
    expect(brought.size).toBeLessThan(asked.size);
  });

  it("what answers a request is imported without a tag, and the archive that lacked it arrives whole after it", async () => {
    world.target.reset();
    const brought = await far("mirror", "--from", `file://${join(world.dir, "answer")}`, "--insecure", into("gap"));
    expect([brought.code, brought.error, brought.result.result]).toEqual([0, "", "done"]);
    const manifests = world.target.seen.filter(({ method, url }) => method === "PUT" && url.includes("/manifests/"));
    expect(manifests.filter(({ url }) => !url.includes("/manifests/sha256:"))).toEqual([]);
    const arrived = await far("mirror", "--from", `file://${later}`, "--insecure", into("gap"));
    expect([arrived.code, arrived.error]).toEqual([0, ""]);
    expect((await far("verify", "--deep", "--insecure", into("gap"))).result.result).toBe("ok");
    const merged = await far("archive", "merge", join(world.dir, "answer"), later, "--to", join(world.dir, "answered"));
    expect([merged.code, merged.result.relies, merged.result.base]).toEqual([0, [], {}]);
  });

  it("after the first archive the increment arrives whole", async () => {
    expect((await far("mirror", "--from", `file://${first}`, "--insecure", into("both"))).code).toBe(0);
    const { code, error } = await far("mirror", "--from", `file://${later}`, "--insecure", into("both"));
    expect([code, error]).toEqual([0, ""]);
    expect((await far("verify", "--deep", "--insecure", into("both"))).result.result).toBe("ok");
  });

  it("a have-list does the same for a mirror that no lock describes", async () => {
    const have = await far("have", "--insecure", into("both"));
    expect(have.code).toBe(0);
    expect(Object.keys(have.result).sort()).toEqual(["apiVersion", "blobsBytes", "kind", "repositories", "takenAt", "target"]);
    const path = join(world.dir, "have.json");
    await writeFile(path, JSON.stringify(have.result));
    const thin = join(world.dir, "thin");
    const lock = join(world.dir, "skerry-job", "imageset.lock");
    expect((await world.json("mirror", "--lock", lock, "--have", path, `file://${thin}`)).code).toBe(0);
    const contents = await contentsOf(thin);
    expect(contents.base.haveDigest).toMatch(/^sha256:/);
    const manifests = new Set(have.result.repositories.flatMap((row: Json) => row.manifests));
    expect(contents.blobs.filter((blob: Json) => !manifests.has(blob.digest))).toEqual([]);
    expect((await far("mirror", "--from", `file://${thin}`, "--insecure", into("both"))).result.result).toBe("nothing-to-do");
  });

  it("merging a base and its increment relies on nothing; splitting changes only the volumes", async () => {
    const merged = join(world.dir, "merged");
    const made = await far("archive", "merge", first, later, "--to", merged);
    expect(made.error).toBe("");
    expect([made.code, made.result.relies, made.result.base]).toEqual([0, [], {}]);
    const small = join(world.dir, "small");
    const split = await far("archive", "split", merged, "--volume-size", "64KiB", "--to", small);
    expect(split.result.volumes.length).toBeGreaterThan(made.result.volumes.length);
    expect((await far("archive", "verify", small)).code).toBe(0);
    expect((await far("archive", "diff", "--exit-code", merged, small)).code).toBe(0);
    expect((await far("archive", "diff", "--exit-code", first, small)).code).toBe(6);
    expect(
      (await far("mirror", "--from", `file://${small}`, "--insecure", "--workspace", join(world.dir, "w3"), into("merged"))).code,
    ).toBe(0);
    expect((await far("verify", "--deep", "--insecure", into("merged"))).result.result).toBe("ok");
  });

  it("a part arrives with its catalog filtered again, the same each time", async () => {
    const merged = join(world.dir, "merged");
    const digests: string[] = [];
    for (const enclave of ["north", "south"]) {
      const run = [
        "mirror",
        "--from",
        `file://${merged}`,
        "--only",
        "package=buoy-*",
        "--insecure",
        "--workspace",
        join(world.dir, enclave),
      ];
      const { code, result, error } = await far(...run, into(enclave));
      expect([code, error]).toEqual([0, ""]);
      digests.push(result.catalogs[0].targetDigest);
      const lock = JSON.parse(await readFile(join(world.dir, enclave, "plan.json"), "utf8")) as Json;
      expect(lock.catalogs[0].packages.map((kept: Json) => kept.name)).toEqual(["buoy-operator"]);
      expect((await far("verify", "--deep", "--insecure", into(enclave))).result.result).toBe("ok");
    }
    expect(digests[0]).toBe(digests[1]);
    expect(digests[0]).not.toBe((await far("archive", "show", "--packages", merged)).result.catalogs[0].targetDigest);
    const wrong = await far("mirror", "--from", `file://${merged}`, "--only", "package=boye", "--insecure", into("x"));
    expect([wrong.code, wrong.error.code]).toEqual([2, "SELECTION_INVALID"]);
  });

  it("flags without an effect, dates and files that are not there are refused before anything is contacted", async () => {
    world.source.reset();
    const config = await world.config(imageSet("- name: beacon-operator"));
    const out = `file://${join(world.dir, "refused")}`;
    for (const args of [
      ["--since", "2024-01-31", out],
      ["--since", "no.lock", out],
      ["--have", "no.json", out],
      ["--request", "no.json", out],
      ["--sign-key", "no.pem", out],
      ["--only", "package=beacon-operator", out],
      ["--allow-older", out],
      ["--have", firstLock, into("x")],
    ]) {
      expect([args, (await world.json("mirror", "-c", config, ...args)).code]).toEqual([args, 2]);
    }
    expect(world.source.seen).toEqual([]);
  });

  it("an image that fails leaves an archive that says so, and its catalog stays back", async () => {
    const partial = join(world.dir, "partial");
    const lock = join(world.dir, "skerry-job", "imageset.lock");
    const { blobs } = await contentsOf(join(world.dir, "merged"));
    const victim = blobs.toSorted((a: Json, b: Json) => b.bytes - a.bytes)[0].digest;
    world.source.interfere(({ url }) => (url.includes(victim) ? { status: 403, code: "DENIED" } : undefined));
    const run = await world.json("mirror", "--lock", lock, `file://${partial}`);
    expect([run.code, run.result.result]).toEqual([3, "partial"]);
    expect(run.result.archive.missing.length).toBeGreaterThan(0);
    expect((await far("archive", "verify", partial)).code).toBe(0);
    const arrived = await far("mirror", "--from", `file://${partial}`, "--insecure", "--workspace", join(world.dir, "w4"), into("partial"));
    expect([arrived.code, arrived.result.result]).toEqual([3, "partial"]);
    expect(arrived.result.catalogs[0].outcome).toBe("skipped");
    // The far side is told what happened on the near one.
    expect(arrived.result.images.find((image: Json) => image.outcome === "failed").error.message).toContain(
      "the archive was made without it",
    );
    expect(arrived.result.images.filter((image: Json) => image.outcome === "failed").map((image: Json) => image.origin)).toEqual([
      ...new Set(run.result.archive.missing.map((row: Json) => row.origin)),
    ]);

    world.source.interfere(undefined);
    world.source.reset();
    expect((await world.json("mirror", "--lock", lock, `file://${partial}`)).result.archive.missing).toEqual([]);
    const fetched = world.source.seen.filter(({ method, url }) => method === "GET" && url.includes("/blobs/"));
    expect(fetched.map(({ url }) => url.split("/blobs/")[1])).toEqual([victim]);
    expect((await far("archive", "verify", partial)).code).toBe(0);
  });

  it("a run that gets no image at all leaves the archive that is there", async () => {
    const kept = join(world.dir, "kept");
    await cp(first, kept, { recursive: true });
    const before = (await readdir(kept)).sort();
    const noHost = await world.config(
      "apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n  additionalImages:\n    - name: 127.0.0.1:1/org/none:v1\n",
    );
    const away = await world.json(
      "mirror",
      "-c",
      noHost,
      "--name",
      "job",
      "--retries",
      "0",
      "--workspace",
      join(world.dir, "w5"),
      `file://${kept}`,
    );
    expect([away.code, away.result.result, away.result.archive]).toEqual([1, "failed", null]);
    world.source.interfere(({ url }) => (url.includes("/blobs/") ? { status: 403, code: "DENIED" } : undefined));
    const lock = join(world.dir, "skerry-job", "imageset.lock");
    const refused = await world.json("mirror", "--lock", lock, `file://${kept}`);
    world.source.interfere(undefined);
    // The catalog is made here and does not fail; alone it is no archive.
    expect([refused.code, refused.result.result, refused.result.archive]).toEqual([3, "partial", null]);
    expect((await readdir(kept)).filter((name) => before.includes(name)).sort()).toEqual(before);
    expect((await far("archive", "verify", kept)).code).toBe(0);
  });
});
