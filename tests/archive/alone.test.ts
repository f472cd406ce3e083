import { execFile, execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { imageSet, type MirrorWorld, mirrorWorld } from "../mirror/world.ts";
import { skerryProgram } from "../support/skerry.ts";

const run = promisify(execFile);

/** A network namespace with nothing but loopback in it. */
function canBeAlone(): boolean {
  try {
    execFileSync("unshare", ["-rn", "sh", "-c", "ip link set lo up"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const alone = canBeAlone();
let world: MirrorWorld;

beforeAll(async () => {
  if (alone) world = await mirrorWorld();
});
afterAll(() => (alone ? world[Symbol.asyncDispose]() : undefined));

it.skipIf(!alone)("imports and verifies as a node with no route but loopback (needs unshare -rn)", async () => {
  const out = join(world.dir, "out");
  const config = await world.config(imageSet("- name: beacon-operator\n- name: buoy-operator"));
  expect((await world.json("mirror", "-c", config, "--name", "job", `file://${out}`)).code).toBe(0);
  const script = join(world.dir, "alone.sh");
  const skerry = `"${process.execPath}" "${skerryProgram}"`;
  const target = "docker://127.0.0.1:5990/alone";
  const lines = [
    "set -e",
    "ip link set lo up",
    `${skerry} registry serve --root registry --listen 127.0.0.1:5990 -q & server=$!`,
    "trap 'kill $server' EXIT",
    `until ${skerry} repos 127.0.0.1:5990 --tls-verify=false -q; do sleep 0.2; done`,
    `${skerry} mirror --from "file://${out}" --insecure -q -o json ${target} > report.json`,
    `${skerry} verify --deep --as-node --insecure -q -o json ${target}`,
  ];
  await writeFile(script, `${lines.join("\n")}\n`);
  const { stdout } = await run("unshare", ["-rn", "sh", script], { cwd: world.dir, env: { PATH: process.env["PATH"], HOME: world.dir } });
  const report = JSON.parse(stdout.slice(stdout.lastIndexOf('{\n  "apiVersion"')));
  expect([report.result, report.missing, report.wrong]).toEqual(["ok", [], []]);
  expect(report.checked.roots).toBeGreaterThan(5);
});
