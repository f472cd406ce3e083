import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ended, runProgram } from "./support/program.ts";
import { projectRoot } from "./support/skerry.ts";
import { type TempFolder, tempFolder } from "./support/temp-folder.ts";

interface Report {
  readonly result: string;
  readonly images: readonly { readonly outcome: string }[];
  readonly moved: { readonly blobs: number; readonly bytes: number; readonly mountedBlobs: number };
}

describe("the quickstart", () => {
  let folder: TempFolder;
  let first: Ended;

  beforeAll(async () => {
    folder = await tempFolder();
    first = await run();
  }, 600_000);
  afterAll(() => folder[Symbol.asyncDispose]());

  const run = (): Promise<Ended> =>
    runProgram(process.execPath, [join(projectRoot, "examples", "quickstart", "run.ts")], {
      cwd: projectRoot,
      env: { SKERRY_QUICKSTART_STATE: folder.path, NO_COLOR: "1", HTTP_PROXY: "http://127.0.0.1:1", HTTPS_PROXY: "http://127.0.0.1:1" },
    });
  const report = async (): Promise<Report> => JSON.parse(await readFile(folder.join("workspace", "report.json"), "utf8")) as Report;

  test("plans, mirrors and verifies, printing what to type and what is left to decide", async () => {
    expect(first, first.stderr).toMatchObject({ code: 0 });
    for (const said of ["$ npx skerry plan", "$ npx skerry mirror", "$ npx skerry verify", "REF_EMPTY", "REF_VALUE_KEY", "oc apply -f"]) {
      expect(first.stdout).toContain(said);
    }
    const { images, moved } = await report();
    expect(images.map(({ outcome }) => outcome).filter((outcome) => outcome !== "copied" && outcome !== "mounted")).toEqual([]);
    expect(images).toHaveLength(60);
    expect(moved.blobs).toBeGreaterThan(200);
  });

  test("moves nothing the second time, and changes nothing but the report and the journal", { timeout: 600_000 }, async () => {
    const before = await contents(folder.join("workspace"));
    const second = await run();
    expect(second, second.stderr).toMatchObject({ code: 0 });
    const { images, moved } = await report();
    expect(moved).toMatchObject({ blobs: 0, bytes: 0, mountedBlobs: 0 });
    expect(new Set(images.map(({ outcome }) => outcome))).toEqual(new Set(["present"]));
    const after = await contents(folder.join("workspace"));
    const changed = [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));
    expect(changed.filter((path) => path !== "report.json" && !path.startsWith("journal/"))).toEqual([]);
  });
});

async function contents(root: string): Promise<Map<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = new Map<string, string>();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(
      path.slice(root.length + 1),
      createHash("sha256")
        .update(await readFile(path))
        .digest("hex"),
    );
  }
  return files;
}
