import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageSet, type Json, type MirrorWorld, mirrorWorld } from "../mirror/world.ts";
import { dockerRegistryProgram } from "../support/docker-registry.ts";
import { freePort } from "../support/free-port.ts";
import { type Ended, runProgram } from "../support/program.ts";
import { skerryProgram } from "../support/skerry.ts";
import { mayMount } from "../support/small-disk.ts";

const allowed = mayMount();

describe.skipIf(!allowed)("an import for which there is too little room (needs mount namespaces)", () => {
  let world: MirrorWorld;
  let archive: string;

  beforeAll(async () => {
    world = await mirrorWorld();
    archive = join(world.dir, "archive");
    const config = await world.config(imageSet("- name: beacon-operator\n- name: buoy-operator\n- name: lantern-metrics"));
    expect((await world.json("mirror", "-c", config, "--name", "job", `file://${archive}`)).code).toBe(0);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** What an attempt left. */
  async function attempt(dir: string, name: string): Promise<{ readonly code: number; readonly result: Json; readonly error: Json }> {
    const [code = "", stdout = "", stderr = ""] = await Promise.all(
      ["code", "json", "err"].map((kind) => readFile(join(dir, `${name}.${kind}`), "utf8")),
    );
    return { code: Number(code), result: parsed(stdout), error: parsed(stderr) };
  }

  interface Attempts {
    /** Lines before a registry starts in `registry`, and before each attempt to import with `workspace`. */
    readonly begin: readonly string[];
    readonly attempts: Readonly<Record<string, readonly string[]>>;
    readonly registry: (host: string) => Promise<string>;
  }

  /** Imports again and again, then verifies. */
  async function importing(
    name: string,
    { begin, attempts, registry }: Attempts,
  ): Promise<{ readonly dir: string; readonly ended: Ended }> {
    const dir = join(world.dir, name);
    await mkdir(join(dir, "registry"), { recursive: true });
    await mkdir(join(dir, "workspace"), { recursive: true });
    const host = `127.0.0.1:${await freePort()}`;
    const skerry = `"${process.execPath}" "${skerryProgram}"`;
    const from = `${skerry} mirror --from "file://${archive}" --workspace "${dir}/workspace" --insecure --retries 1 -q -o json docker://${host}/isle`;
    const said = (attempted: string): string => `> ${attempted}.json 2> ${attempted}.err; echo $? > ${attempted}.code`;
    const script = [
      ...begin,
      `${await registry(host)} & server=$!`,
      "trap 'kill $server' EXIT",
      `for i in $(seq 100); do ${skerry} repos ${host} --tls-verify=false -q 2> /dev/null && break; sleep 0.2; done`,
      ...Object.entries(attempts).flatMap(([attempted, lines]) => [...lines, `${from} ${said(attempted)}`]),
      `${skerry} verify --deep --insecure --retries 1 -q -o json docker://${host}/isle ${said("verified")}`,
    ];
    return { dir, ended: await runProgram("unshare", ["-m", "sh", "-c", script.join("\n")], { cwd: dir }) };
  }

  async function expectWhole(dir: string): Promise<void> {
    expect(await attempt(dir, "room")).toMatchObject({ code: 0 });
    expect(await attempt(dir, "verified")).toMatchObject({ code: 0, result: { result: "ok", missing: [], wrong: [] } });
  }

  /**
   * docker-registry writes small files in place. One that the full disk cut short stays as it is, whatever is pushed: the run
   * names it where it sees it, and verify always does.
   */
  function expectBrokenNamed(images: readonly Json[], verified: { readonly code: number; readonly result: Json }): void {
    const failed = images.filter(({ outcome }: Json) => outcome === "failed");
    for (const { error } of failed) {
      expect(error).toMatchObject({ code: "SERVER_ERROR", status: 500, hint: expect.stringContaining("broken copy") });
    }
    const { missing, wrong } = verified.result;
    for (const { found } of wrong) expect(found).toContain("answered 500");
    // Without the failed ones the catalog is kept back.
    if (failed.length === 0) expect(missing).toEqual([]);
    expect(verified.code === 0).toBe(missing.length + wrong.length === 0);
  }

  const own = async (host: string): Promise<string> =>
    `"${process.execPath}" "${skerryProgram}" registry serve --root registry --listen ${host} -q > /dev/null`;

  async function reference(host: string): Promise<string> {
    const storage = { filesystem: { rootdirectory: join(world.dir, "docker-registry", "registry") } };
    const config = { version: 0.1, log: { level: "error", accesslog: { disabled: true } }, storage, http: { addr: host } };
    await writeFile(join(world.dir, "docker-registry.yml"), JSON.stringify(config));
    return `"${dockerRegistryProgram}" serve "${world.dir}/docker-registry.yml" 2> /dev/null`;
  }

  const SERVERS = [
    { name: "own", registry: own, missing: "" },
    { name: "docker-registry", registry: reference, missing: dockerRegistryProgram === undefined ? " (needs docker-registry)" : "" },
  ];
  for (const { name, registry, missing } of SERVERS) {
    it.skipIf(missing !== "")(
      `at the target, ${name}: says so, keeps the catalog back, goes on after room was made${missing}`,
      async () => {
        const { dir, ended } = await importing(name, {
          begin: ["mount -t tmpfs -o size=400k tmpfs registry"],
          attempts: { first: [], room: ["mount -o remount,size=64m registry"] },
          registry,
        });
        expect(ended).toMatchObject({ code: 0, stderr: "" });
        const { code, result } = await attempt(dir, "first");
        // Whether one image is whole before the disk is full of many at once is chance.
        const arrived = result.images.some(({ outcome }: Json) => outcome !== "failed" && outcome !== "skipped");
        expect([code, result.result]).toEqual(arrived ? [3, "partial"] : [1, "failed"]);
        const failed = result.images.filter(({ outcome }: Json) => outcome === "failed");
        expect(failed.length).toBeGreaterThan(0);
        for (const { error } of failed) {
          expect(error).toMatchObject({ code: "NO_SPACE", message: expect.stringContaining("its disk is full") });
          expect(error.hint).toContain("Make room for the registry at 127.0.0.1:");
        }
        expect(result.retries).toBe(0);
        expect(result.catalogs).toMatchObject([{ outcome: "skipped" }]);
        const after = await attempt(dir, "room");
        if (name === "own") return await expectWhole(dir);
        expect(after.result.images.some(({ outcome }: Json) => outcome === "copied")).toBe(true);
        expectBrokenNamed(after.result.images, await attempt(dir, "verified"));
      },
    );
  }

  it("on this side: names the disk before anything is pushed, the journal where that fills, and goes on after room was made", async () => {
    const { dir, ended } = await importing("this-side", {
      begin: ["mount -t tmpfs -o size=128k tmpfs workspace"],
      attempts: {
        lists: [],
        journal: ["mount -o remount,size=8m workspace", "mount -t tmpfs -o size=12k tmpfs workspace/journal"],
        room: ["mount -o remount,size=1m workspace/journal"],
      },
      registry: own,
    });
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(await attempt(dir, "lists")).toMatchObject({ code: 4, error: { code: "SPACE_SHORT", subject: join(dir, "workspace") } });
    const { code, error } = await attempt(dir, "journal");
    expect([code, error.code]).toEqual([1, "NO_SPACE"]);
    expect(error.message).toContain(join(dir, "workspace", "journal", "presence.jsonl"));
    expect(error.hint).toContain("Make room, then run the same command again");
    await expectWhole(dir);
  });
});

function parsed(text: string): Json {
  return text.trimStart().startsWith("{") ? JSON.parse(text) : text;
}
