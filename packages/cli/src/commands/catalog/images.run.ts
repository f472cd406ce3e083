import { parseSelects, selectPackages, wholeCatalog } from "@skerry/catalog";
import { isOciError, type OciError } from "@skerry/oci";
import { formatSize } from "../../args/size.ts";
import type { ImageLook } from "../../catalogs/image-look.ts";
import { imageProblem } from "../../catalogs/image-problem.ts";
import { lookAtImages } from "../../catalogs/look-at-images.ts";
import { neededImages } from "../../catalogs/needed-images.ts";
import { openCatalogs } from "../../catalogs/open.ts";
import { lookDocument } from "../../catalogs/package-detail.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { formatTable } from "../../output/table.ts";
import type { CatalogImagesFlags } from "./images.ts";

/** Prints every image once, with the bundles and fields that name it. */
export async function run(job: Job<CatalogImagesFlags>): Promise<number> {
  const selection = job.flags.package.length === 0 ? undefined : parseSelects(job.flags.package);
  const name = job.args[0] ?? "";
  await using open = await openCatalogs(job, [name], job.flags.sizes ? { sources: "any" } : {});
  const [catalog] = open.catalogs;
  if (catalog === undefined) return EXIT.failed;
  const chosen = selection === undefined ? wholeCatalog(catalog) : selectPackages(catalog, selection);
  const { images: all, problems: found } = await neededImages(catalog, chosen.packages, {
    environment: job.flags["env-images"],
  });
  const wanted = job.flags["tags-only"] ? all.filter((image) => image.byTag) : all;
  const looks = job.flags.sizes
    ? await lookAtImages(
        wanted.map((one) => one.image),
        { places: (await open.network()).places, signal: job.signal },
      )
    : undefined;
  const images = looks === undefined ? wanted : wanted.map((one) => ({ ...one, ...lookDocument(looks.get(one.image)) }));
  const missing = [...(looks ?? [])].flatMap(([image, look]) => (isOciError(look) ? [imageProblem(image, look, wanted)] : []));
  const problems = [...chosen.problems, ...found, ...missing];
  for (const problem of problems) job.log.warn(`${problem.code} ${problem.message}`, { ...problem });
  await job.out.result(
    { kind: "CatalogImages", catalog: name, images, problems },
    {
      text: () =>
        formatTable(
          [
            { title: "image" },
            { title: "kind" },
            ...(looks === undefined ? [] : [{ title: "size", right: true }, { title: "platforms" }]),
            { title: "bundles", right: true },
            { title: "needed by" },
          ],
          images.map((image) => [
            image.image,
            image.kind,
            ...lookCells(looks, looks?.get(image.image)),
            String(new Set(image.reasons.map((reason) => reason.bundle)).size),
            image.reasons[0]?.bundle ?? "",
          ]),
        ),
      names: () => images.map((image) => image.image),
    },
  );
  return problems.some((problem) => problem.severity === "error") ? EXIT.partial : EXIT.done;
}

function lookCells(looks: unknown, look: ImageLook | OciError | undefined): readonly string[] {
  if (looks === undefined) return [];
  if (look === undefined) return ["", ""];
  return isOciError(look) ? [look.code, ""] : [formatSize(look.totalBytes), look.platforms.join(" ")];
}
