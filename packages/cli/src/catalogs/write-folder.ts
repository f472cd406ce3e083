import { readdir } from "node:fs/promises";
import { type Catalog, type Selected, writeCatalog, writeCatalogFiles } from "@skerry/catalog";
import { RefusedError } from "../args/errors.ts";
import { type Job, pathOf } from "../command/job.ts";

/**
 * Writes a selection of a catalog into a folder for other programs to read.
 * @throws RefusedError when the folder holds anything
 */
export async function writeFolder(
  job: Job<unknown>,
  what: { readonly catalog: Catalog; readonly selected: Selected; readonly dir: string; readonly migrateLevel?: "none" | "csv-metadata" },
): Promise<void> {
  const dir = pathOf(job, what.dir);
  const there = await readdir(dir).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  });
  if (there.length > 0)
    throw new RefusedError(`Refused to write to ${dir}: it is not empty`, {
      subject: dir,
      hint: "Name a folder that is empty or not there.",
    });
  const files = writeCatalog(what.catalog, what.selected, {
    signal: job.signal,
    ...(what.migrateLevel === undefined ? {} : { migrateLevel: what.migrateLevel }),
  });
  await writeCatalogFiles(files, dir, { folder: 0o755, file: 0o644 });
}
