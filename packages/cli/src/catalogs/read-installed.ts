import { readFile } from "node:fs/promises";
import { type InstalledVersion, parseInstalled } from "@skerry/catalog";
import { UsageError } from "../args/errors.ts";
import { type Job, pathOf } from "../command/job.ts";
import { readTextInput } from "../places/text-input.ts";

/**
 * Versions that run on clusters, from the files of `--installed`, `-` for stdin.
 * @throws UsageError for a file that cannot be read; CatalogError `SELECTION_INVALID` for one that holds something else
 */
export async function readInstalled(job: Job<unknown>, files: readonly string[]): Promise<readonly InstalledVersion[]> {
  const found = await Promise.all(
    files.map(async (file) => {
      // A large cluster's answer is longer than other inputs may be.
      const read = file === "-" ? readTextInput(job, file) : readFile(pathOf(job, file), "utf8");
      const text = await read.catch((cause: unknown) => {
        throw new UsageError(`cannot read ${file}`, { subject: file, cause, hint: "Write it with 'oc get csv -A -o json'." });
      });
      return parseInstalled(text, file);
    }),
  );
  return found.flat();
}
