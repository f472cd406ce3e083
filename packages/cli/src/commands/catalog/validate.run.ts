import { sarifLog, type Validation, validateCatalog } from "@skerry/catalog";
import { missingImages } from "../../catalogs/missing-images.ts";
import { openCatalogs } from "../../catalogs/open.ts";
import { validationTree } from "../../catalogs/validation-tree.ts";
import type { Job } from "../../command/job.ts";
import { counted } from "../../output/counted.ts";
import { EXIT } from "../../output/error.ts";
import { VERSION } from "../../version.ts";
import type { ValidateFlags } from "./validate.ts";

/** Prints every fault; 0 valid, 5 invalid. */
export async function run(job: Job<ValidateFlags>): Promise<number> {
  const name = job.args[0] ?? "";
  await using open = await openCatalogs(job, [name], { tells: false, ...(job.flags["check-images"] ? { sources: "any" } : {}) });
  const [catalog] = open.catalogs;
  if (catalog === undefined) return EXIT.failed;
  const { opm, strict, output } = job.flags;
  const checked = await validateCatalog(catalog, { opm, signal: job.signal });
  const missing = job.flags["check-images"]
    ? await missingImages(catalog, { places: (await open.network()).places, signal: job.signal })
    : [];
  const found = { ...checked, problems: [...checked.problems, ...missing] };
  const valid = found.valid && !(strict && found.problems.some((problem) => problem.severity === "warning"));
  const validation: Validation = { ...found, valid };
  if (output === "sarif") {
    await job.world.stdout.write(`${JSON.stringify(sarifLog(validation, { version: VERSION }), undefined, 2)}\n`);
  } else {
    await job.out.result(
      { kind: "Validation", catalog: name, ...validation },
      {
        text: () => `${validationTree(validation.problems)}${summaryLine(validation)}\n`,
        names: () => validation.problems.map((problem) => `${problem.rule ?? problem.code}\t${problem.subject}`),
      },
    );
  }
  return valid ? EXIT.done : EXIT.wrong;
}

function summaryLine(validation: Validation): string {
  const count = (severity: string, what: string): string =>
    counted(validation.problems.filter((problem) => problem.severity === severity).length, what);
  const counts = [count("error", "error"), count("warning", "warning"), count("info", "note")].join(", ");
  return `${validation.valid ? "valid" : "invalid"} by opm ${validation.opm}: ${counts}`;
}
