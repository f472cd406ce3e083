import { describe, expect, it } from "vitest";
import { scanArguments } from "../../args/scan.ts";
import { readFlags } from "../../args/sources.ts";
import type { Job } from "../../command/types.ts";
import { runInWorld } from "../../testing/world.ts";
import { tree } from "../tree.ts";
import { mirror } from "./mirror.ts";
import { fromOcMirror } from "./oc-mirror-flags.ts";

async function translated(...args: string[]): Promise<{ readonly flags: Record<string, unknown>; readonly said: string[] }> {
  const { flags: given } = scanArguments(args, mirror.flags);
  const flags = await readFlags(mirror.flags, { given, env: {}, file: new Map(), filePath: "" });
  const said: string[] = [];
  const log = { info: (text: string) => said.push(text) };
  const job = fromOcMirror({ flags, log, tree } as unknown as Job<Parameters<typeof fromOcMirror>[0]["flags"]>);
  return { flags: job.flags as unknown as Record<string, unknown>, said };
}

describe("the flags that scripts of oc mirror bring", () => {
  it("become ours", async () => {
    const { flags, said } = await translated(
      ...["--v2", "--parallel-images", "4", "--parallel-layers=10", "--retry-times", "0", "--image-timeout", "10m0s"],
      ...["--strict-archive", "--remove-signatures"],
    );
    expect(flags).toMatchObject({ "max-per-host": 10, retries: 0, "stall-timeout": 600_000, referrers: "none" });
    expect(said).toEqual([]);
  });

  it("are noted where nothing comes of them", async () => {
    const { flags, said } = await translated("--cache-dir", "/var/cache", "--retry-delay", "1s", "--remove-signatures=false");
    expect(said.map((line) => /--[a-z-]+/.exec(line)?.[0])).toEqual(["--cache-dir", "--retry-delay"]);
    expect(flags).toMatchObject({ "max-per-host": undefined, retries: 5, referrers: "all" });
  });

  it.each([
    [["mirror", "--v1", "-c", "x.yaml", "docker://h.example"], "--v1 is not there", "v2alpha1"],
    [["plan", "--v1", "-c", "x.yaml"], "--v1 is not there", "v2alpha1"],
    [["mirror", "-c", "x.yaml", "--since", "2024-01-01", "file:///x"], "takes a lock", "--have"],
    [["mirror", "-c", "x.yaml", "--since", "none.lock", "file:///x"], "cannot read none.lock", "Check the path"],
    [["mirror", "-c", "x.yaml", "--only", "package=a", "docker://h.example"], "--only has an effect only where", "--from"],
    [["mirror", "-c", "x.yaml", "--trust-key", "none.pub", "docker://h.example"], "cannot read none.pub", "Check the path"],
    [["mirror", "-c", "x.yaml", "--have", "have.json", "docker://h.example"], "--have has an effect only where", "file://DIR"],
    [["mirror", "-c", "x.yaml", "--name", "Bad Name", "docker://h.example"], "cannot use the name", "lower-case"],
    [["plan", "-c", "x.yaml", "--catalog-source-name", "a=Bad_Name"], "cannot name a CatalogSource", "lower-case"],
    [["mirror", "-c", "x.yaml", "--parallel-images", "many", "docker://h.example"], "whole number", ""],
  ])("%j is refused before anything is read", async (args, message, hint) => {
    const { code, stderr, stdout } = await runInWorld(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
  });

  it("are not shown by help, and not proposed", async () => {
    const { stdout } = await runInWorld(["mirror", "--help"]);
    expect(stdout).not.toContain("--parallel-images");
  });
});
