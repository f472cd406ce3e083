import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { cp, open, readdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageSet, type Json, type MirrorWorld, mirrorWorld } from "../mirror/world.ts";
import { findProgram } from "../support/program.ts";
import { type FarRun, farSideOf } from "./far-side.ts";

const WHOLE = "- name: beacon-operator\n- name: buoy-operator\n- name: lantern-metrics";

const cosign = findProgram("cosign") ?? findProgram("/root/go/bin/cosign");

describe("a damaged archive", () => {
  let world: MirrorWorld;
  let far: (...args: readonly string[]) => Promise<FarRun>;
  let good: string;
  let volumes: readonly string[];
  let target: string;
  let count = 0;

  beforeAll(async () => {
    world = await mirrorWorld();
    far = await farSideOf(world);
    good = join(world.dir, "good");
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const other = generateKeyPairSync("ed25519");
    await writeFile(join(world.dir, "key.pem"), privateKey.export({ type: "sec1", format: "pem" }));
    await writeFile(join(world.dir, "key.pub"), publicKey.export({ type: "spki", format: "pem" }));
    await writeFile(join(world.dir, "other.pub"), other.publicKey.export({ type: "spki", format: "pem" }));
    const config = await world.config(imageSet(WHOLE));
    const key = join(world.dir, "key.pem");
    const { code } = await world.json(
      "mirror",
      "-c",
      config,
      "--name",
      "job",
      "--volume-size",
      "64KiB",
      "--sign-key",
      key,
      `file://${good}`,
    );
    expect(code).toBe(0);
    volumes = (await readdir(good)).filter((name) => name.endsWith(".tar")).sort();
    expect(volumes.length).toBeGreaterThan(3);
    target = `docker://${world.target.host}/isle`;
  });
  afterAll(() => world[Symbol.asyncDispose]());

  async function copyOf(): Promise<string> {
    count += 1;
    const dir = join(world.dir, `bad-${count}`);
    await cp(good, dir, { recursive: true });
    return dir;
  }

  /** Imports and makes sure that nothing was written to the target. */
  async function refused(dir: string, ...flags: readonly string[]): Promise<Json> {
    world.target.reset();
    const { code, error } = await far(
      "mirror",
      "--from",
      `file://${dir}`,
      "--insecure",
      "--workspace",
      join(world.dir, `w-${count}`),
      ...flags,
      target,
    );
    expect(code).toBe(4);
    expect(world.target.seen.filter(({ method }) => method !== "GET" && method !== "HEAD")).toEqual([]);
    return error;
  }

  async function flip(path: string, position: number): Promise<void> {
    const file = await open(path, "r+");
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, position);
    await file.write(Buffer.from([(byte[0] ?? 0) ^ 0x40]), 0, 1, position);
    await file.close();
  }

  const volume = (index: number): string => volumes[index] ?? "";

  it("is whole before anything is done to it", async () => {
    expect((await far("archive", "verify", good, "--trust-key", join(world.dir, "key.pub"))).code).toBe(0);
    expect((await far("archive", "verify", "--quick", good)).code).toBe(0);
  });

  const cases: [string, string, (dir: string) => Promise<void>][] = [
    ["a missing volume", "VOLUME_MISSING", (dir) => rm(join(dir, volume(1)))],
    ["a truncated volume", "VOLUME_SIZE", (dir) => truncate(join(dir, volume(1)), 1024)],
    ["a missing last volume, with the lock in it", "VOLUME_MISSING", (dir) => rm(join(dir, volume(volumes.length - 1)))],
    ["a truncated last volume", "VOLUME_SIZE", (dir) => truncate(join(dir, volume(volumes.length - 1)), 1000)],
    ["a last volume without a byte", "VOLUME_SIZE", (dir) => truncate(join(dir, volume(volumes.length - 1)), 0)],
    ["a flipped bit in content", "VOLUME_DAMAGED", (dir) => flip(join(dir, volume(1)), 700)],
    ["a flipped bit in a header", "TAR_WRONG", (dir) => flip(join(dir, volume(0)), 5)],
    ["a volume of another name", "VOLUME_MISSING", (dir) => rename(join(dir, volume(2)), join(dir, "other_000003.tar"))],
    [
      "two volumes swapped",
      "VOLUME_",
      async (dir) => {
        await rename(join(dir, volume(1)), join(dir, "x"));
        await rename(join(dir, volume(2)), join(dir, volume(1)));
        await rename(join(dir, "x"), join(dir, volume(2)));
      },
    ],
    [
      "a link in place of a volume",
      "VOLUME_MISSING",
      async (dir) => {
        await rm(join(dir, volume(1)));
        await symlink(join(good, volume(1)), join(dir, volume(1)));
      },
    ],
  ];

  it.each(cases)("%s is detected before the first write", async (_, code, damage) => {
    const dir = await copyOf();
    await damage(dir);
    const error = await refused(dir);
    expect(error.code).toBe("ARCHIVE_INVALID");
    expect(error.details.join("\n")).toContain(code);
    const { code: exit, result } = await far("archive", "verify", dir);
    expect(exit).toBe(5);
    const faults = [...result.missing, ...result.wrong];
    expect(faults.some((fault: Json) => fault.code.startsWith(code))).toBe(true);
  });

  it("names the content and the images behind a flipped bit", async () => {
    const dir = await copyOf();
    const contents = JSON.parse(await readFile(join(dir, "contents.json"), "utf8")) as Json;
    const layer = contents.blobs.toSorted((a: Json, b: Json) => b.bytes - a.bytes)[0];
    await flip(join(dir, contents.volumes[layer.volume - 1].name), layer.offset + 3);
    const { result } = await far("archive", "verify", dir);
    const fault = result.wrong.find((one: Json) => one.code === "BLOB_DAMAGED");
    expect(fault.digests).toEqual([layer.digest]);
    expect(fault.images.length).toBeGreaterThan(0);
    expect((await refused(dir)).details.join("\n")).toContain(layer.digest);
  });

  it("a lost contents file is found, and rebuilt as it was", async () => {
    const dir = await copyOf();
    await rm(join(dir, "contents.json"));
    expect((await far("archive", "verify", dir)).code).toBe(5);
    expect((await refused(dir)).code).toBe("ARCHIVE_INVALID");
    const repaired = await far("archive", "repair", dir);
    expect([repaired.code, repaired.result.lost]).toEqual([0, []]);
    const [before, after] = await Promise.all(
      [good, dir].map(async (one) => JSON.parse(await readFile(join(one, "contents.json"), "utf8"))),
    );
    expect({ ...after, signatures: before.signatures, files: [], blobs: sorted(after) }).toEqual({
      ...before,
      files: [],
      blobs: sorted(before),
    });
    expect((await far("archive", "verify", dir)).code).toBe(0);
  });

  it("repair says what a missing volume took with it", async () => {
    const dir = await copyOf();
    const contents = JSON.parse(await readFile(join(dir, "contents.json"), "utf8")) as Json;
    await rm(join(dir, volume(1)));
    const { code, result } = await far("archive", "repair", dir);
    expect(code).toBe(5);
    expect(result.missingVolumes).toEqual([volume(1)]);
    const inIt = contents.blobs.filter((blob: Json) => blob.volume === 2).map((blob: Json) => blob.digest);
    expect(inIt.length).toBeGreaterThan(0);
    expect(result.lost).toEqual(expect.arrayContaining(inIt));
  });

  it.skipIf(cosign === undefined)("is signed in a form that cosign accepts, and a lock too (needs cosign)", async () => {
    const lock = join(world.dir, "skerry-job", "imageset.lock");
    expect((await far("lock", "sign", "--key", join(world.dir, "key.pem"), lock)).code).toBe(0);
    for (const file of [join(good, "contents.json"), lock]) {
      const flags = ["--key", join(world.dir, "key.pub"), "--signature", `${file}.sig`, "--private-infrastructure"];
      execFileSync(cosign ?? "", ["verify-blob", ...flags, file], { stdio: "ignore", env: { ...process.env, TUF_ROOT: world.dir } });
    }
  });

  it("without a signature, with another key's, or changed contents it is not trusted", async () => {
    const stripped = await copyOf();
    await rm(join(stripped, "contents.json.sig"));
    expect((await refused(stripped, "--trust-key", join(world.dir, "key.pub"))).code).toBe("SIGNATURE_INVALID");
    expect((await refused(good, "--trust-key", join(world.dir, "other.pub"))).code).toBe("SIGNATURE_INVALID");
    const changed = await copyOf();
    const path = join(changed, "contents.json");
    await writeFile(path, (await readFile(path, "utf8")).replace(/"createdAt": "20/, '"createdAt": "21'));
    expect((await refused(changed, "--trust-key", join(world.dir, "key.pub"))).code).toBe("SIGNATURE_INVALID");
  });

  const hostile: [string, (contents: Json) => void][] = [
    ["a volume elsewhere", (contents) => (contents.volumes[0].name = "../evil_000001.tar")],
    ["a place outside of the volumes", (contents) => (contents.blobs[0].offset = 1e15)],
    ["a size that is none", (contents) => (contents.blobs[0].bytes = -1)],
    ["content listed twice", (contents) => contents.blobs.push(contents.blobs[0])],
    ["a file outside", (contents) => (contents.files[0].name = "skerry/../../etc/passwd")],
    [
      "names that differ by case only",
      (contents) => contents.files.push({ ...contents.files[0], name: contents.files[0].name.toUpperCase().replace("SKERRY", "skerry") }),
    ],
  ];

  it.each(hostile)("hostile contents: %s", async (_, change) => {
    const dir = await copyOf();
    const path = join(dir, "contents.json");
    const contents = JSON.parse(await readFile(path, "utf8"));
    change(contents);
    await writeFile(path, JSON.stringify(contents));
    expect((await refused(dir)).code).toBe("ARCHIVE_INVALID");
  });

  it("an older archive than the target accepted last is refused, unless asked for", async () => {
    const { code } = await far("mirror", "--from", `file://${good}`, "--insecure", "--trust-key", join(world.dir, "key.pub"), target);
    expect(code).toBe(0);
    const newer = join(world.dir, "newer");
    const config = await world.config(imageSet("- name: beacon-operator"));
    expect((await world.json("mirror", "-c", config, "--name", "job", "--workspace", join(world.dir, "w2"), `file://${newer}`)).code).toBe(
      0,
    );
    expect((await far("mirror", "--from", `file://${newer}`, "--insecure", target)).code).toBe(0);
    expect((await refused(good)).code).toBe("TARGET_UNSAFE");
    expect((await far("mirror", "--from", `file://${good}`, "--insecure", "--allow-older", target)).code).toBe(0);
  });
});

function sorted(contents: Json): Json[] {
  return contents.blobs.toSorted((a: Json, b: Json) => (a.digest < b.digest ? -1 : 1));
}
