import { spawnSync } from "node:child_process";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../support/temp-folder.ts";
import { HOSTILE_SIZES } from "./hostile-sizes.ts";

/** MiB of heap that a reader gets. One that needs more ends the process, and the test with it. */
const HEAP = 256;
/** What a process may grow by: a part that every catalog costs, and a multiple of what it reads (the tree of a list of numbers has the most). */
const FIXED = 96 << 20;
const FACTOR = 20;

const program = join(import.meta.dirname, "hostile-sizes.ts");

describe("memory of the readers of hostile input", () => {
  it.each(Object.keys(HOSTILE_SIZES))(
    "%s",
    async (name) => {
      await using folder = await tempFolder();
      const path = folder.join("input.yaml");
      HOSTILE_SIZES[name]?.(path);
      const read = spawnSync(process.execPath, [`--max-old-space-size=${HEAP}`, "--max-semi-space-size=4", program, path], {
        encoding: "utf8",
        env: { PATH: process.env["PATH"] },
      });
      expect(read.status, read.stderr.slice(-2000)).toBe(0);
      const { peak } = JSON.parse(read.stdout) as { readonly peak: number };
      const { size } = await stat(path);
      expect(peak, `for ${size} bytes`).toBeLessThan(FIXED + FACTOR * size);
    },
    300_000,
  );
});
