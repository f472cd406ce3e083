import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempFolder } from "../../testing/temp-folder.ts";
import { runInWorld } from "../../testing/world.ts";

it("writes a configuration that passes the check, and never overwrites one", async () => {
  await using folder = await tempFolder();
  const cwd = folder.path;
  const first = await runInWorld(["init", "--version", "4.20", "--package", "etcd/stable@>=0.9.0"], { cwd });
  expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining("skerry plan -c imageset.yaml") });
  expect((await runInWorld(["config", "check", "-c", "imageset.yaml"], { cwd })).code).toBe(0);
  const text = await readFile(join(cwd, "imageset.yaml"), "utf8");
  expect(text).toContain("redhat-operator-index:v4.20");
  const again = await runInWorld(["init", "--package", "other"], { cwd });
  expect(again).toMatchObject({ code: 4, stderr: expect.stringContaining("not overwritten") });
  expect(await readFile(join(cwd, "imageset.yaml"), "utf8")).toBe(text);
});

it.each([
  [["--catalog", "nginx"], "neither tag nor digest"],
  [["--version", "4"], "expected X.Y"],
  [["--package", "a@>1.0.0 || <0.5.0"], "lowest and a highest"],
  [["--package", "/x"], "PACKAGE[/CHANNEL]"],
])("%j is refused, and nothing is written", async (args, message) => {
  const { code, stdout, stderr } = await runInWorld(["init", "-c", "-", ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
});
