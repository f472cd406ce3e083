import { openCatalogs } from "../../catalogs/open.ts";
import { listedPackage, type PackageSummary, summarize } from "../../catalogs/package-summary.ts";
import { requiredCatalog } from "../../catalogs/required.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { formatTable } from "../../output/table.ts";
import type { SearchFlags } from "./search.ts";

/** Prints the packages in which every word occurs, those with a hit in the name first. */
export async function run(job: Job<SearchFlags>): Promise<number> {
  requiredCatalog(job.flags.catalog[0]);
  const words = job.args.flatMap((arg) => arg.toLowerCase().split(/\s+/)).filter((word) => word !== "");
  await using open = await openCatalogs(job, job.flags.catalog);
  const hits: { readonly catalog: string; readonly found: PackageSummary; readonly rank: number }[] = [];
  for (const [index, catalog] of open.catalogs.entries()) {
    for (const found of await summarize(catalog)) {
      const rank = rankOf(found, words);
      if (rank !== undefined) hits.push({ catalog: job.flags.catalog[index] ?? catalog.name, found, rank });
    }
  }
  hits.sort((a, b) => a.rank - b.rank || (a.found.name < b.found.name ? -1 : a.found.name > b.found.name ? 1 : 0));
  await job.out.result(
    {
      kind: "CatalogSearch",
      words,
      packages: hits.map(({ catalog, found }) => ({ catalog, ...listedPackage(found), keywords: found.keywords })),
    },
    {
      text: () =>
        formatTable(
          [{ title: "package" }, { title: "display name" }, { title: "default channel" }, { title: "catalog" }],
          hits.map(({ catalog, found }) => [found.name, found.displayName ?? "", found.defaultChannel, catalog]),
        ),
      names: () => hits.map(({ found }) => found.name),
    },
  );
  return EXIT.done;
}

/** 0 for a hit in the name, 1 in title or keywords, 2 in the description; undefined when a word is nowhere. */
function rankOf(found: PackageSummary, words: readonly string[]): number | undefined {
  const fields = [found.name, `${found.displayName ?? ""} ${found.keywords.join(" ")}`, found.description ?? ""].map((field) =>
    field.toLowerCase(),
  );
  const ranks = words.map((word) => fields.findIndex((field) => field.includes(word)));
  return ranks.includes(-1) ? undefined : Math.max(...ranks);
}
