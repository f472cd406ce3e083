import { parseSelects, selectPackages, wholeCatalog } from "@skerry/catalog";
import { neededImages } from "../../catalogs/needed-images.ts";
import { openCatalogs } from "../../catalogs/open.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { formatTable } from "../../output/table.ts";
import type { CatalogImagesFlags } from "./images.ts";

/** Prints every image once, with the bundles and fields that name it. */
export async function run(job: Job<CatalogImagesFlags>): Promise<number> {
  const selection = job.flags.package.length === 0 ? undefined : parseSelects(job.flags.package);
  const name = job.args[0] ?? "";
  await using open = await openCatalogs(job, [name]);
  const [catalog] = open.catalogs;
  if (catalog === undefined) return EXIT.failed;
  const chosen = selection === undefined ? wholeCatalog(catalog) : selectPackages(catalog, selection);
  const { images: all, problems: found } = await neededImages(catalog, chosen.packages);
  const problems = [...chosen.problems, ...found];
  const images = job.flags["tags-only"] ? all.filter((image) => image.byTag) : all;
  for (const problem of problems) job.log.warn(`${problem.code} ${problem.message}`, { ...problem });
  await job.out.result(
    { kind: "CatalogImages", catalog: name, images, problems },
    {
      text: () =>
        formatTable(
          [{ title: "image" }, { title: "kind" }, { title: "bundles", right: true }, { title: "needed by" }],
          images.map((image) => [
            image.image,
            image.kind,
            String(new Set(image.reasons.map((reason) => reason.bundle)).size),
            image.reasons[0]?.bundle ?? "",
          ]),
        ),
      names: () => images.map((image) => image.image),
    },
  );
  return problems.some((problem) => problem.severity === "error") ? EXIT.partial : EXIT.done;
}
