import { expect, it } from "vitest";
import { runInWorld } from "../../testing/world.ts";

const CONFIG = `apiVersion: mirror.openshift.io/v2alpha1
kind: ImageSetConfiguration
mirror: {additionalImages: [{name: "quay.io/a/b:c"}]}
`;

it("reads a configuration from stdin", async () => {
  const good = await runInWorld(["config", "check", "-c", "-"], { stdin: CONFIG });
  expect(good).toMatchObject({ code: 0, stdout: "- is valid: 0 catalogs, 1 additional image, 0 blocked patterns\n" });
  const bad = await runInWorld(["config", "check", "-c", "-"], { stdin: `${CONFIG}colour: red\n` });
  expect(bad.code).toBe(2);
  expect(bad.stderr).toContain("stdin:4:1: colour: unknown key");
});

it("reads a lock from stdin, and names it in messages", async () => {
  const { code, stderr } = await runInWorld(["plan", "--lock", "-"], { stdin: "{" });
  expect(code).toBe(2);
  expect(stderr).toContain("Cannot read lock stdin");
});

it("with --progress json, writes nothing but objects to stderr, the error too", async () => {
  const { code, stderr } = await runInWorld(["plan", "-c", "none.yaml", "--progress", "json"]);
  expect(code).toBe(2);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(JSON.parse(stderr)).toMatchObject({ kind: "Error", code: "USAGE", subject: "none.yaml" });
});
