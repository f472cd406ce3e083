import { spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../support/temp-folder.ts";

const root = join(import.meta.dirname, "..", "..");

/** Prints the files that were loaded when the process ends. */
const HOOK = `
import { registerHooks } from "node:module";
const seen = [];
registerHooks({ load(url, context, next) { seen.push(url); return next(url, context); } });
process.on("exit", () => process.stderr.write("\\n" + seen.filter((url) => url.startsWith("file:")).join("\\n")));
`;

/** Text that only one part of the bundle holds: patterns, YAML, schemas, HTTP. */
const PARTS: Readonly<Record<string, string>> = {
  re2js: "RE2JS is the JavaScript port",
  yaml: "BLOCK_FOLDED",
  zod: "invalid_union",
  undici: "UND_ERR_",
  sqlite: "node:sqlite",
};

/** Which of the parts a word of the bundled command loads. */
async function partsOf(dist: string, ...args: readonly string[]): Promise<readonly string[]> {
  const hook = `data:text/javascript,${encodeURIComponent(HOOK)}`;
  const ended = spawnSync(process.execPath, ["--import", hook, join(dist, "skerry.mjs"), ...args], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: "/nonexistent" },
  });
  expect(ended.status, ended.stderr).toBe(0);
  const urls = ended.stderr.split("\n").filter((line) => line.startsWith("file:"));
  expect(urls.length).toBeGreaterThan(1);
  const texts = await Promise.all(urls.map((url) => readFile(fileURLToPath(url), "utf8")));
  return Object.keys(PARTS).filter((part) => texts.some((text) => text.includes(PARTS[part] ?? "")));
}

describe("the bundle", () => {
  test("loads what a word needs and no more: start-up is most of a short command", async () => {
    await using folder = await tempFolder();
    const dist = folder.join("dist");
    const built = spawnSync(process.execPath, [join(root, "tools", "build", "main.ts"), dist], { encoding: "utf8" });
    expect(built.status, built.stderr).toBe(0);
    const catalog = folder.join("catalog");
    await mkdir(catalog);
    await writeFile(
      join(catalog, "catalog.json"),
      '{"schema":"olm.package","name":"amber","defaultChannel":"stable"}\n{"schema":"olm.channel","package":"amber","name":"stable"}\n',
    );
    expect(await partsOf(dist, "version")).toEqual([]);
    // A folder needs no registry.
    for (const word of ["list", "render", "images"]) expect(await partsOf(dist, "catalog", word, catalog)).not.toContain("undici");
  }, 300_000);
});
