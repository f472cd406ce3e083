import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf, Registries, transfer } from "@skerry/oci";
import { type RunningRegistry, startRegistry } from "@skerry/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyImage } from "../../examples/oci/copy-image.ts";
import { listTags } from "../../examples/oci/list-tags.ts";
import { GreetingStore } from "../../examples/oci/own-store.ts";

const root = join(import.meta.dirname, "../..");

describe("the examples of @skerry/oci", () => {
  let folder = "";
  let registry: RunningRegistry;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "skerry-examples-"));
    registry = await startRegistry({ root: folder, listen: "127.0.0.1:0" });
  });
  afterAll(async () => {
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("a store of one's own is copied into a registry, from there to another place, and listed", async () => {
    const greeting = new GreetingStore("good morning");
    await using registries = new Registries({ insecureHosts: [registry.host] });
    const to = { repository: "demo/greeting" };
    const report = await transfer(
      [{ id: "greeting", source: greeting, from: to, descriptor: greeting.descriptor, to, tags: ["v1"], referrers: "all" }],
      registries.writer(registry.host),
    );
    expect(report.outcomes.map((outcome) => outcome.outcome)).toEqual(["copied"]);

    const copied = await copyImage(`${registry.host}/demo/greeting:v1`, `${registry.host}/other/place:v2`, {
      insecureHosts: [registry.host],
    });
    expect(copied.outcomes.map((outcome) => outcome.outcome)).toEqual(["copied"]);

    const world = { env: {}, home: folder, insecureHosts: [registry.host] };
    expect(await listTags(registry.host, "other/place", world)).toEqual(["v2"]);
    expect((await registries.reader(registry.host).resolve({ repository: "other/place" }, "v2"))?.digest).toBe(greeting.descriptor.digest);
    expect(digestOf(Buffer.from("good morning"))).toMatch(/^sha256:/);
  });

  test.each(["list-tags", "copy-image", "own-store"])("the README shows %s as it stands in examples/", async (name) => {
    const readme = await readFile(join(root, "packages/oci/README.md"), "utf8");
    const source = await readFile(join(root, `examples/oci/${name}.ts`), "utf8");
    expect(readme).toContain(`\`\`\`ts\n${source}\`\`\``);
  });
});
