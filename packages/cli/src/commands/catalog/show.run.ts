import type { Catalog, PackageInfo } from "@skerry/catalog";
import { openCatalogs } from "../../catalogs/open.ts";
import { headsOf, summarize } from "../../catalogs/package-summary.ts";
import { packageOf, requiredCatalog } from "../../catalogs/required.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { formatFields, formatTable } from "../../output/table.ts";
import type { OneCatalogFlags } from "./show.ts";

/** Prints one package with every channel and entry. */
export async function run(job: Job<OneCatalogFlags>): Promise<number> {
  const name = requiredCatalog(job.flags.catalog);
  await using open = await openCatalogs(job, [name]);
  const [catalog] = open.catalogs;
  if (catalog === undefined) return EXIT.failed;
  const info = packageOf(catalog, job.args[0] ?? "");
  const [summary] = await summarize(catalog, (one) => one === info.name);
  const channels = channelsOf(catalog, info);
  await job.out.result(
    { kind: "CatalogPackage", catalog: name, ...summary, channels },
    {
      text: () =>
        [
          formatFields([
            ["Package", info.name],
            ["Display name", summary?.displayName],
            ["Default channel", info.defaultChannel],
            ["Images", String(summary?.images ?? "")],
            ["Deprecated", info.deprecations ? "in part or whole" : undefined],
          ]),
          ...channels.map((channel) =>
            formatTable(
              [
                { title: `channel ${channel.name}` },
                { title: "version" },
                { title: "replaces" },
                { title: "skips" },
                { title: "skip range" },
              ],
              channel.entries.map((entry) => [
                `${entry.name}${entry.name === channel.head ? " (head)" : ""}`,
                entry.version,
                entry.replaces ?? "",
                (entry.skips ?? []).join(" "),
                entry.skipRange ?? "",
              ]),
            ),
          ),
        ].join("\n"),
      names: () => channels.flatMap((channel) => channel.entries.map((entry) => `${info.name}/${channel.name}@${entry.version}`)),
    },
  );
  return EXIT.done;
}

function channelsOf(catalog: Catalog, info: PackageInfo) {
  const heads = headsOf(catalog).get(info.name);
  return info.channels
    .map((channel) => ({
      name: channel.name,
      head: heads?.get(channel.name) ?? null,
      entries: channel.entries.map((entry) => ({
        ...entry,
        version: info.bundles.get(entry.name)?.version ?? "",
        image: info.bundles.get(entry.name)?.image ?? "",
      })),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
