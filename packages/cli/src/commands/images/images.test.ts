import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type RunningRegistry, startRegistry } from "@skerry/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeSampleLayout } from "../../testing/sample-layout.ts";
import { tempFolder } from "../../testing/temp-folder.ts";
import { type Captured, type CapturedWorldOptions, runInWorld } from "../../testing/world.ts";

let folder: Awaited<ReturnType<typeof tempFolder>>;
let registry: RunningRegistry;
let digests: ReadonlyMap<string, string>;
let host: string;

beforeAll(async () => {
  folder = await tempFolder();
  registry = await startRegistry({ root: join(folder.path, "registry") });
  host = registry.host;
  digests = await writeSampleLayout(join(folder.path, "sample"), [
    { name: "v1.0.0", seed: "one", platforms: ["amd64", "arm64"], labels: { evil: "\u001b[2Jcleared" } },
    { name: "v1.1.0", seed: "two", platforms: ["amd64", "arm64"] },
    { name: "v2.0.0", seed: "three" },
  ]);
  for (const tag of digests.keys())
    await expect(skerry("copy", `oci:sample:${tag}`, `${host}/org/app`)).resolves.toMatchObject({ code: 0 });
});

afterAll(async () => {
  await registry.close();
  await folder[Symbol.asyncDispose]();
});

function skerry(...args: string[]): Promise<Captured> {
  return skerryIn({}, ...args);
}

function skerryIn(options: CapturedWorldOptions, ...args: string[]): Promise<Captured> {
  const [word = "", ...rest] = args;
  return runInWorld([word, ...rest, "--tls-verify=false"], { cwd: folder.path, home: folder.path, ...options });
}

interface CopyDocument {
  readonly kind: string;
  readonly result: string;
  readonly images: readonly { readonly origin: string; readonly destination: string; readonly outcome: string; readonly digest?: string }[];
  readonly moved: { readonly blobs: number; readonly bytes: number };
  readonly requests: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly deleted?: readonly { readonly destination: string; readonly outcome: string }[];
}

function report(captured: Captured): CopyDocument {
  return JSON.parse(captured.stdout) as CopyDocument;
}

describe("reading", () => {
  test("digest, tags, repos", async () => {
    expect((await skerry("digest", `${host}/org/app:v1.0.0`)).stdout).toBe(`${digests.get("v1.0.0")}\n`);
    expect((await skerry("digest", `oci:sample:v1.0.0`)).stdout).toBe(`${digests.get("v1.0.0")}\n`);
    expect((await skerry("tags", `${host}/org/app`)).stdout).toBe("v1.0.0\nv1.1.0\nv2.0.0\n");
    expect(JSON.parse((await skerry("tags", `docker://${host}/org/app`, "-o", "json")).stdout)).toEqual({
      apiVersion: "skerry.dev/v1",
      kind: "TagList",
      repository: `${host}/org/app`,
      tags: ["v1.0.0", "v1.1.0", "v2.0.0"],
    });
    expect((await skerry("repos", host)).stdout.split("\n")).toContain("org/app");
    expect((await skerry("repos", host, "-o", "name")).stdout.split("\n")).toContain(`${host}/org/app`);
  });

  test("inspect: summary, raw, config, platforms", async () => {
    const name = `${host}/org/app:v1.0.0`;
    const { stdout } = await skerry("inspect", name, "-o", "json");
    expect(JSON.parse(stdout)).toMatchObject({
      kind: "Inspect",
      name,
      digest: digests.get("v1.0.0"),
      platforms: ["linux/amd64", "linux/arm64"],
      shownPlatform: "linux/amd64",
      labels: { evil: "\u001b[2Jcleared" },
      createdAt: "2024-01-02T03:04:05.000Z",
      referrers: [],
    });
    expect((await skerry("inspect", name)).stdout).toContain("\\u001b[2Jcleared");
    expect((await skerry("inspect", name, "--platforms")).stdout).toBe("linux/amd64\nlinux/arm64\n");
    const raw = await skerry("inspect", name, "--raw");
    expect(Buffer.compare(raw.stdoutBytes, (await skerry("inspect", "oci:sample:v1.0.0", "--raw")).stdoutBytes)).toBe(0);
    expect(JSON.parse((await skerry("inspect", name, "--config")).stdout)).toMatchObject({ os: "linux", architecture: "amd64" });
    expect((await skerry("inspect", name, "--raw", "--config")).code).toBe(2);
  });

  test("du counts shared bytes once", async () => {
    const { stdout } = await skerry("du", `${host}/org/app:v1.0.0`, `${host}/org/app:v1.1.0`, "-o", "json");
    const usage = JSON.parse(stdout) as { uniqueBytes: number; images: { totalBytes: number; uniqueBytes: number; sharedBytes: number }[] };
    const [first, second] = usage.images;
    expect(usage.images).toHaveLength(2);
    expect(first?.sharedBytes).toBe(20_000);
    expect(usage.uniqueBytes).toBe((first?.uniqueBytes ?? 0) + (second?.uniqueBytes ?? 0) + 20_000);
    const one = await skerry("du", `${host}/org/app:v1.0.0`, "--platform", "linux/arm64", "-o", "json");
    expect((JSON.parse(one.stdout) as { uniqueBytes: number }).uniqueBytes).toBeLessThan(27_000);
  });

  test("what is not there is exit 1 with a hint; one of several exit 3", async () => {
    const missing = await skerry("digest", `${host}/org/app:nope`);
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toContain(`next: List what is there: skerry tags ${host}/org/app`);
    expect((await skerry("du", `${host}/org/app:nope`, `${host}/org/app:v2.0.0`)).code).toBe(3);
  });

  test("a host that speaks HTTP is named where HTTPS was expected", async () => {
    const { code, stderr } = await runInWorld(["tags", `${host}/org/app`, "-o", "json", "--retries", "0"], { home: folder.path });
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ kind: "Error", code: "HTTPS_EXPECTED", host });
  });
});

describe("copy", () => {
  test("again costs no upload, and says so", async () => {
    const first = report(await skerry("copy", `oci:sample:v1.0.0`, `${host}/again/app`, "-o", "json"));
    expect(first).toMatchObject({ kind: "CopyReport", result: "done" });
    expect(first.images).toEqual([
      { origin: "oci:sample:v1.0.0", destination: `${host}/again/app:v1.0.0`, digest: digests.get("v1.0.0"), outcome: "copied" },
    ]);
    const second = report(await skerry("copy", `oci:sample:v1.0.0`, `${host}/again/app`, "-o", "json"));
    expect(second).toMatchObject({ result: "nothing-to-do", moved: { blobs: 0, bytes: 0 } });
    expect(second.images[0]?.outcome).toBe("present");
    expect(second.requests[host]?.["PUT"] ?? 0).toBe(0);
  });

  test("several destinations, layouts and archives, and back", async () => {
    const out = await skerry(
      "copy",
      `${host}/org/app:v1.1.0`,
      "oci:out:name",
      "oci-archive:out.tar:name",
      "dir:outdir",
      `${host}/multi/app:x`,
    );
    expect(out.code).toBe(0);
    for (const name of ["oci:out:name", "oci-archive:out.tar", "dir:outdir", `${host}/multi/app:x`]) {
      expect((await skerry("digest", name)).stdout).toBe(`${digests.get("v1.1.0")}\n`);
    }
  });

  test("a source by digest gets the digest tag", async () => {
    const digest = digests.get("v2.0.0") ?? "";
    const { images } = report(await skerry("copy", `${host}/org/app@${digest}`, `${host}/bydigest/app`, "-o", "json"));
    expect(images[0]?.destination).toBe(`${host}/bydigest/app:img-${digest.slice("sha256:".length)}`);
  });

  test("dry run plans and moves nothing", async () => {
    const { code, stdout } = await skerry("copy", `${host}/org/app:v1.0.0`, `${host}/dry/app`, "--dry-run", "-o", "json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ images: [{ outcome: "planned", digest: digests.get("v1.0.0") }] });
    expect((await skerry("tags", `${host}/dry/app`)).code).toBe(1);
  });

  test("a platform copies sparsely under the same digest; the rest comes later", async () => {
    const sparse = report(await skerry("copy", `${host}/org/app:v1.0.0`, "oci:sparse:a", "--platform", "linux/arm64", "-o", "json"));
    expect(sparse.images[0]).toMatchObject({ outcome: "copied", digest: digests.get("v1.0.0") });
    expect(sparse.moved.blobs).toBe(3);
    const filtered = report(await skerry("copy", `${host}/org/app:v1.0.0`, "oci:filtered:a", "--filter-by-os", "arm64$", "-o", "json"));
    expect(filtered.moved.blobs).toBe(3);
    const full = report(await skerry("copy", `${host}/org/app:v1.0.0`, "oci:sparse:a", "-o", "json"));
    expect(full.moved.blobs).toBe(2);
  });

  test("--rewrite-index writes a smaller index under a new digest, and says both", async () => {
    const old = digests.get("v1.0.0") ?? "";
    const args = ["--platform", "linux/arm64", "--rewrite-index", "-o", "json"];
    const written = report(await skerry("copy", `${host}/org/app:v1.0.0`, `${host}/small/app`, "oci:small:a", ...args));
    const [image] = written.images;
    expect(written.images).toMatchObject([
      { outcome: "copied", rewrittenFrom: old },
      { outcome: "copied", rewrittenFrom: old, digest: image?.digest },
    ]);
    expect(image?.digest).not.toBe(old);
    expect(written).toMatchObject({ problems: [{ code: "INDEX_REWRITTEN", severity: "info" }, { code: "INDEX_REWRITTEN" }] });
    expect((await skerry("digest", `${host}/small/app:v1.0.0`)).stdout).toBe(`${image?.digest}\n`);
    expect((await skerry("inspect", `${host}/small/app:v1.0.0`, "--platforms")).stdout).toBe("linux/arm64\n");
    const again = report(await skerry("copy", `${host}/org/app:v1.0.0`, `${host}/small/app`, ...args));
    expect(again.result).toBe("nothing-to-do");
  });

  test("--rewrite-index never names the new image by the old digest", async () => {
    const old = digests.get("v1.0.0") ?? "";
    const args = ["--platform", "linux/arm64", "--rewrite-index", "-o", "json"];
    const refused = await skerry("copy", `${host}/org/app@${old}`, `${host}/lie/app`, ...args);
    expect(refused.code).toBe(4);
    expect(JSON.parse(refused.stderr)).toMatchObject({ code: "INDEX_REWRITTEN", message: expect.stringContaining(old) });
    expect((await skerry("tags", `${host}/lie/app`)).code).toBe(1);
    expect((await skerry("copy", `${host}/org/app@${old}`, `${host}/lie/app:honest`, ...args)).code).toBe(0);
    expect((await skerry("copy", `${host}/org/app:v1.0.0`, `${host}/lie/app`, "--rewrite-index")).code).toBe(2);
    const none = await skerry(
      "copy",
      `${host}/org/app:v1.0.0`,
      `${host}/lie/app`,
      "--platform",
      "linux/s390x",
      "--rewrite-index",
      "-o",
      "json",
    );
    expect(none.code).toBe(1);
    expect(report(none)).toMatchObject({ images: [{ outcome: "failed", error: { code: "NOT_FOUND" } }] });
  });

  test("an image for another platform is copied whole, with a row", async () => {
    const { stdout } = await skerry("copy", `${host}/org/app:v2.0.0`, "oci:other:a", "--platform", "linux/s390x", "-o", "json");
    expect(JSON.parse(stdout)).toMatchObject({ result: "done", problems: [{ code: "PLATFORM_MISMATCH", severity: "warning" }] });
  });

  test("one image that fails is a row; the rest goes on", async () => {
    await writeFile(join(folder.path, "map.txt"), `${host}/org/app:v1.0.0=${host}/part/app:a\n${host}/org/app:gone=${host}/part/app:b\n`);
    const captured = await skerry("copy", "-f", "map.txt", "-o", "json");
    expect(captured.code).toBe(3);
    expect(report(captured).images.map((image) => image.outcome)).toEqual(["copied", "failed"]);
    expect(report(captured)).toMatchObject({ result: "partial", images: [{}, { error: { code: "NOT_FOUND" } }] });
    expect((await skerry("copy", `${host}/org/app:gone`, `${host}/part/app`)).code).toBe(1);
  });

  test("a mapping file with bad lines does nothing and names each", async () => {
    await writeFile(join(folder.path, "bad.txt"), `${host}/org/app:v1.0.0=${host}/bad/app:a\nnginx=x\n\n${host}/org/app:v1.1.0\n`);
    const { code, stderr } = await skerry("copy", "-f", "bad.txt");
    expect(code).toBe(2);
    expect(stderr).toContain("bad.txt, line 2:");
    expect(stderr).toContain("bad.txt, line 4:");
    expect((await skerry("tags", `${host}/bad/app`)).code).toBe(1);
  });

  test("a mapping from stdin with a tag pattern", async () => {
    const captured = await skerryIn({ stdin: `${host}/org/app:v1.*=${host}/wild/app\n` }, "copy", "--filename=-", "-o", "name");
    expect(captured.stdout).toBe(`${host}/wild/app:v1.0.0\n${host}/wild/app:v1.1.0\n`);
    expect((await skerry("tags", `${host}/wild/app`)).stdout).toBe("v1.0.0\nv1.1.0\n");
  });

  test("two sources for one tag are refused before anything is written", async () => {
    const captured = await skerry(
      "copy",
      `${host}/org/app:v1.0.0=${host}/clash/app`,
      `${host}/org/app@${digests.get("v1.1.0")}=${host}/clash/app:v1.0.0`,
      "-o",
      "json",
    );
    expect(captured.code).toBe(4);
    expect(JSON.parse(captured.stderr)).toMatchObject({ code: "DEST_COLLISION", subject: `${host}/clash/app:v1.0.0` });
    expect((await skerry("tags", `${host}/clash/app`)).code).toBe(1);
  });

  test("--insecure loosens the destination only", async () => {
    const onlyHost = await runInWorld(["copy", "oci:sample:v2.0.0", `${host}/loose/app`, "--insecure"], {
      cwd: folder.path,
      home: folder.path,
    });
    expect(onlyHost.code).toBe(0);
    const source = `localhost:${registry.port}/org/app:v2.0.0`;
    const other = await runInWorld(["copy", source, `${host}/loose/app`, "--insecure", "--retries", "0"], {
      cwd: folder.path,
      home: folder.path,
    });
    expect(other.code).toBe(1);
    expect(other.stdout).toContain("HTTPS");
  });

  test("an interrupted run reports and continues", async () => {
    const abort = new AbortController();
    const { Interruption } = await import("../../world/types.ts");
    const stopped = await skerryIn(
      { signal: abort.signal, onTalk: (text) => text.includes('"blob.start"') && abort.abort(new Interruption("SIGTERM")) },
      "copy",
      "oci:sample:v1.0.0",
      `${host}/stopped/app`,
      "--progress",
      "json",
      "-o",
      "json",
    );
    expect(stopped.code).toBe(143);
    expect(report(stopped).result).toBe("interrupted");
    expect((await skerry("copy", "oci:sample:v1.0.0", `${host}/stopped/app`)).code).toBe(0);
    expect((await skerry("digest", `${host}/stopped/app:v1.0.0`)).stdout).toBe(`${digests.get("v1.0.0")}\n`);
  });
});

describe("sync and delete", () => {
  test("by pattern, range and count; what is gone is removed only when asked", async () => {
    const source = `${host}/org/app`;
    const target = `${host}/synced/app`;
    expect(
      report(await skerry("sync", source, target, "--semver", ">=1.0.0 <2.0.0", "--newest", "1", "-o", "json")).images.map(
        (image) => image.destination,
      ),
    ).toEqual([`${target}:v1.1.0`]);
    expect((await skerry("sync", source, target)).code).toBe(0);
    expect((await skerry("copy", "oci:sample:v2.0.0", `${target}:v0.9.0`)).code).toBe(0);
    expect(report(await skerry("sync", source, target, "-o", "json")).result).toBe("nothing-to-do");
    expect(report(await skerry("sync", source, target, "--delete", "--tags", "v1*", "-o", "json")).deleted).toEqual([]);
    expect(report(await skerry("sync", source, target, "--delete", "-o", "json"))).toMatchObject({
      result: "done",
      deleted: [{ destination: `${target}:v0.9.0`, outcome: "deleted" }],
    });
    expect((await skerry("tags", target)).stdout).toBe("v1.0.0\nv1.1.0\nv2.0.0\n");
    expect((await skerry("sync", source, target, "--semver", "~>1")).code).toBe(2);
  });

  test("deletes a tag, then a manifest; a question without a terminal is a refusal", async () => {
    const name = `${host}/doomed/app`;
    await skerry("copy", "oci:sample:v1.0.0", `${name}:a`, `${name}:b`);
    expect((await skerry("delete", `${name}:a`)).code).toBe(4);
    expect((await skerry("delete", name, "--yes")).code).toBe(2);
    expect((await skerry("delete", `${name}:a`, "--dry-run")).stdout).toBe(`planned  ${name}:a\n`);
    expect((await skerry("delete", `${name}:a`, `${name}:zzz`, "--yes")).code).toBe(3);
    expect((await skerry("tags", name)).stdout).toBe("b\n");
    expect((await skerry("delete", `${name}@${digests.get("v1.0.0")}`, "--yes")).code).toBe(0);
    expect((await skerry("digest", `${name}:b`)).code).toBe(1);
  });
});
