import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runInWorld } from "../../packages/cli/src/testing/world.ts";
import { imageSet, mirrorWorld } from "./world.ts";

test("what plan and mirror print as the next command does it when it is pasted", async () => {
  await using world = await mirrorWorld();
  const dir = join(world.dir, "Bob's sets");
  await mkdir(dir);
  await writeFile(join(dir, "set (1).yaml"), imageSet("- name: beacon-operator"));
  const paste = async (line: string): Promise<{ readonly code: number; readonly next: string }> => {
    const words = execFileSync("sh", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" })
      .split("\0")
      .slice(1, -1);
    const { code, stdout } = await runInWorld(words, { cwd: dir, env: {}, home: world.dir });
    return { code, next: /^Next: (.*)$/m.exec(stdout)?.[1] ?? "" };
  };
  const flags = `--platform linux/amd64 --registries-conf ${join(world.dir, "registries.conf")} --insecure -q`;
  const planned = await paste(`skerry plan -c 'set (1).yaml' ${flags} docker://${world.target.host}/ocp`);
  expect(planned).toEqual({ code: 0, next: expect.stringContaining("skerry mirror -c 'set (1).yaml' --platform linux/amd64") });
  const mirrored = await paste(planned.next);
  expect(mirrored).toEqual({ code: 0, next: expect.stringMatching(/^skerry verify .*--insecure docker:/) });
  expect((await paste(mirrored.next)).code).toBe(0);
});
