import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { VERSION } from "./version.ts";

const bin = join(import.meta.dirname, "..", "bin", "skerry.mjs");

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(
  program: string,
  args: readonly string[],
  onStart: (child: ReturnType<typeof spawn>) => void = () => undefined,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [bin, ...args], {
      env: { PATH: process.env["PATH"], HOME: "/nonexistent" },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
    onStart(child);
  });
}

/** A Node on the PATH that is too old to run the program itself. */
function oldNode(): string | undefined {
  for (const folder of ["/usr/bin", "/usr/local/bin", ...(process.env["PATH"] ?? "").split(":")]) {
    const program = join(folder, "node");
    const { stdout, status } = spawnSync(program, ["-p", "process.versions.node"], { encoding: "utf8" });
    const [major = 0, minor = 0] = status === 0 ? stdout.trim().split(".").map(Number) : [99];
    if (major < 24 || (major === 24 && minor < 15)) return program;
  }
  return undefined;
}

describe("bin/skerry.mjs", () => {
  test("runs, and passes the exit code on", async () => {
    expect(await start(process.execPath, ["--version"])).toEqual({ code: 0, stdout: `skerry ${VERSION}\n`, stderr: "" });
    const wrong = await start(process.execPath, ["tags", "nginx"]);
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
  });

  test.skipIf(oldNode() === undefined)("hands over from a Node that is too old", async () => {
    const { code, stdout } = await start(oldNode() ?? "", ["version", "-o", "json"]);
    expect(code).toBe(0);
    const version = JSON.parse(stdout) as { version: string; node: string };
    expect(version.version).toBe(VERSION);
    expect(Number(version.node.split(".")[0])).toBeGreaterThanOrEqual(24);
  });

  test("a reader that goes away is no fault", async () => {
    const ended = await start(process.execPath, ["man"], (child) => child.stdout?.once("data", () => child.stdout?.destroy()));
    expect(ended.stderr).toBe("");
    expect(ended.code).toBe(0);
  });
});
