import { openCatalogs } from "../../catalogs/open.ts";
import { summarize } from "../../catalogs/package-summary.ts";
import type { Job } from "../../command/job.ts";
import type { RegistryFlags } from "../../command/registry-flags.ts";
import { EXIT } from "../../output/error.ts";
import { formatTable } from "../../output/table.ts";

/** Prints the CatalogList document. */
export async function run(job: Job<RegistryFlags>): Promise<number> {
  const name = job.args[0] ?? "";
  await using open = await openCatalogs(job, [name]);
  const [catalog] = open.catalogs;
  if (catalog === undefined) return EXIT.failed;
  const packages = await summarize(catalog);
  await job.out.result(
    { kind: "CatalogList", catalog: name, digest: open.digests[0], packages },
    {
      text: () =>
        formatTable(
          [
            { title: "package" },
            { title: "display name" },
            { title: "default channel" },
            { title: "head" },
            { title: "channels", right: true },
            { title: "images", right: true },
          ],
          packages.map((one) => [
            one.name,
            one.displayName ?? "",
            one.defaultChannel,
            one.channels.find((channel) => channel.name === one.defaultChannel)?.head ?? "",
            String(one.channels.length),
            String(one.images),
          ]),
        ),
      names: () => packages.map((one) => one.name),
    },
  );
  return EXIT.done;
}
