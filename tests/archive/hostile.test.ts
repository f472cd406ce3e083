import { createHash } from "node:crypto";
import { cp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageSet, type Json, type MirrorWorld, mirrorWorld } from "../mirror/world.ts";
import { type FarRun, farSideOf } from "./far-side.ts";

const BLOCK = 512;

/** Header fields by offset and length. POSIX "ustar interchange format". */
const FIELDS = { name: [0, 100], size: [124, 12], type: [156, 1], link: [157, 100], prefix: [345, 155] } as const;

describe("a hostile tar whose contents file was made to fit", () => {
  let world: MirrorWorld;
  let far: (...args: readonly string[]) => Promise<FarRun>;
  let good: string;
  let contents: Json;
  let tar: Buffer;
  let count = 0;

  beforeAll(async () => {
    world = await mirrorWorld();
    far = await farSideOf(world);
    good = join(world.dir, "good");
    const config = await world.config(imageSet("- name: buoy-operator"));
    expect((await world.json("mirror", "-c", config, "--name", "job", `file://${good}`)).code).toBe(0);
    contents = JSON.parse(await readFile(join(good, "contents.json"), "utf8"));
    tar = await readFile(join(good, contents.volumes[0].name));
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** Header of the blob of this number. */
  const headerOf = (index: number): number => contents.blobs[index].offset - BLOCK;

  function set(bytes: Buffer, header: number, fields: Partial<Record<keyof typeof FIELDS, string | Buffer>>): Buffer {
    for (const [key, value] of Object.entries(fields)) {
      const [offset, length] = FIELDS[key as keyof typeof FIELDS];
      bytes.fill(0, header + offset, header + offset + length);
      Buffer.from(value).copy(bytes, header + offset);
    }
    bytes.fill(" ", header + 148, header + 156);
    let sum = 0;
    for (const byte of bytes.subarray(header, header + BLOCK)) sum += byte;
    bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, header + 148);
    return bytes;
  }

  /** Puts an entry of one's own before the end mark. */
  function appended(bytes: Buffer, fields: Parameters<typeof set>[2], body: Buffer = Buffer.alloc(0)): Buffer {
    const header = Buffer.from(bytes.subarray(headerOf(0), headerOf(0) + BLOCK));
    set(header, 0, { size: `${body.byteLength.toString(8).padStart(11, "0")}\0`, ...fields });
    const gap = Buffer.alloc((BLOCK - (body.byteLength % BLOCK)) % BLOCK);
    return Buffer.concat([bytes.subarray(0, -2 * BLOCK), header, body, gap, Buffer.alloc(2 * BLOCK)]);
  }

  const huge = Buffer.concat([Buffer.from([0x80, 0, 0, 0, 0x7f]), Buffer.alloc(7, 0xff)]);
  const cases: [string, (bytes: Buffer) => Buffer][] = [
    ["a path that leads out", (bytes) => set(bytes, headerOf(0), { name: "blobs/sha256/../../../etc/passwd" })],
    ["an absolute path", (bytes) => set(bytes, headerOf(0), { name: "/etc/passwd" })],
    ["a prefix that leads out", (bytes) => set(bytes, headerOf(0), { prefix: "../.." })],
    ["a symbolic link", (bytes) => set(bytes, headerOf(0), { type: "2", link: "/etc/passwd" })],
    ["a hard link", (bytes) => set(bytes, headerOf(0), { type: "1", link: "oci-layout" })],
    ["a character device", (bytes) => set(bytes, headerOf(0), { type: "3" })],
    ["a block device", (bytes) => set(bytes, headerOf(0), { type: "4" })],
    ["a pipe", (bytes) => set(bytes, headerOf(0), { type: "6" })],
    ["a sparse file", (bytes) => set(bytes, headerOf(0), { type: "S" })],
    ["a size beyond the volume", (bytes) => set(bytes, headerOf(0), { size: huge })],
    ["a negative size", (bytes) => set(bytes, headerOf(0), { size: Buffer.alloc(12, 0xff) })],
    ["a size that is none", (bytes) => set(bytes, headerOf(0), { size: "9z" })],
    ["a smaller size", (bytes) => set(bytes, headerOf(0), { size: "00000000001\0" })],
    ["a PAX record", (bytes) => appended(bytes, { name: "PaxHeaders/x", type: "x" }, Buffer.from("19 path=/etc/passwd\n"))],
    ["a global PAX record", (bytes) => appended(bytes, { name: "PaxHeaders/g", type: "g" }, Buffer.from("13 size=1000\n"))],
    ["a GNU long name", (bytes) => appended(bytes, { name: "././@LongLink", type: "L" }, Buffer.from("../../etc/passwd\0"))],
    ["a GNU long link", (bytes) => appended(bytes, { name: "././@LongLink", type: "K" }, Buffer.from("/etc/passwd\0"))],
    ["an entry of its own", (bytes) => appended(bytes, { name: "etc/cron.d/evil", type: "0" }, Buffer.from("* * * * *\n"))],
    ["an entry that is there already", (bytes) => appended(bytes, { type: "0" })],
    ["a name twice", (bytes) => set(bytes, headerOf(1), { name: nameOf(0) })],
    ["names that differ by case only", (bytes) => set(bytes, headerOf(1), { name: nameOf(0).toUpperCase() })],
    ["a bomb behind its end", (bytes) => Buffer.concat([bytes, Buffer.alloc(1024 * 1024)])],
    ["no end", (bytes) => bytes.subarray(0, -2 * BLOCK)],
  ];

  function nameOf(index: number): string {
    return `blobs/sha256/${contents.blobs[index].digest.slice("sha256:".length)}`;
  }

  it.each(cases)("%s is refused before the first write", async (_, change) => {
    count += 1;
    const dir = join(world.dir, `hostile-${count}`);
    await cp(good, dir, { recursive: true });
    const made = change(Buffer.from(tar));
    const [volume] = contents.volumes;
    await writeFile(join(dir, volume.name), made);
    const sha256 = createHash("sha256").update(made).digest("hex");
    const fitting = { ...contents, volumes: [{ ...volume, bytes: made.byteLength, sha256 }] };
    await writeFile(join(dir, "contents.json"), JSON.stringify(fitting));
    world.target.reset();
    const workspace = join(world.dir, `w-${count}`);
    const { code, error } = await far(
      "mirror",
      "--from",
      `file://${dir}`,
      "--insecure",
      "--workspace",
      workspace,
      `docker://${world.target.host}/hostile`,
    );
    expect([code, error.code]).toEqual([4, "ARCHIVE_INVALID"]);
    expect(error.details.join("\n")).toContain("TAR_WRONG");
    expect(world.target.seen.filter(({ method }) => method !== "GET" && method !== "HEAD")).toEqual([]);
    expect((await far("archive", "verify", "--quick", dir)).code).toBe(5);
  });

  it("an archive whose only volume is cut off or gone names what that concerns, without its lock", async () => {
    const names = contents.roots.map((root: Json) => root.name);
    for (const [what, damage] of [
      ["gone", (path: string) => rm(path)],
      ["cut", (path: string) => truncate(path, 1000)],
    ] as const) {
      const dir = join(world.dir, what);
      await cp(good, dir, { recursive: true });
      await damage(join(dir, contents.volumes[0].name));
      const { code, error } = await far("mirror", "--from", `file://${dir}`, "--insecure", `docker://${world.target.host}/${what}`);
      expect([code, error.code]).toEqual([4, "ARCHIVE_INVALID"]);
      expect(error.details.join("\n")).toMatch(/content sha256:.*needed by /);
      const { result } = await far("archive", "verify", dir);
      expect([...new Set(result.missing.flatMap((fault: Json) => fault.images))].sort()).toEqual(names);
    }
  });
});
