import { wholeCatalog } from "@skerry/catalog";
import { openCatalogs } from "../../catalogs/open.ts";
import { writeFolder } from "../../catalogs/write-folder.ts";
import type { Job } from "../../command/job.ts";
import { counted } from "../../output/counted.ts";
import { EXIT } from "../../output/error.ts";
import type { MigrateFlags } from "./migrate.ts";

/** Writes every package. */
export async function run(job: Job<MigrateFlags>): Promise<number> {
  const [name = "", dir = ""] = job.args;
  await using open = await openCatalogs(job, [name]);
  const [catalog] = open.catalogs;
  if (catalog === undefined) return EXIT.failed;
  await writeFolder(job, { catalog, selected: wholeCatalog(catalog), dir, migrateLevel: job.flags["migrate-level"] });
  const packages = catalog.packages.map((info) => info.name);
  await job.out.result(
    { kind: "CatalogMigration", catalog: name, directory: dir, packages },
    { text: () => `Wrote ${counted(packages.length, "package")} to ${dir}\n`, names: () => packages },
  );
  return EXIT.done;
}
