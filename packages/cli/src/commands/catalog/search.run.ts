import { type SearchHit, searchCatalog } from "@skerry/catalog";
import { openCatalogs } from "../../catalogs/open.ts";
import { requiredCatalog } from "../../catalogs/required.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { formatTable } from "../../output/table.ts";
import type { SearchFlags } from "./search.ts";

interface Hit extends Pick<SearchHit, "displayName" | "fields" | "score"> {
  readonly catalog: string;
  readonly name: string;
  readonly defaultChannel: string;
}

/** Prints the packages in which every word occurs, best first. */
export async function run(job: Job<SearchFlags>): Promise<number> {
  requiredCatalog(job.flags.catalog[0]);
  const words = job.args.flatMap((arg) => arg.split(/\s+/)).filter((word) => word !== "");
  await using open = await openCatalogs(job, job.flags.catalog);
  const hits: Hit[] = [];
  for (const [index, catalog] of open.catalogs.entries()) {
    for (const { package: name, displayName, fields, score } of await searchCatalog(catalog, words)) {
      const { defaultChannel = "" } = catalog.package(name) ?? {};
      hits.push({ catalog: job.flags.catalog[index] ?? catalog.name, name, displayName, defaultChannel, fields, score });
    }
  }
  hits.sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  await job.out.result(
    { kind: "CatalogSearch", words, packages: hits },
    {
      text: () =>
        formatTable(
          [{ title: "package" }, { title: "display name" }, { title: "default channel" }, { title: "found in" }, { title: "catalog" }],
          hits.map((hit) => [hit.name, hit.displayName, hit.defaultChannel, hit.fields.join(", "), hit.catalog]),
        ),
      names: () => hits.map((hit) => hit.name),
    },
  );
  return EXIT.done;
}
