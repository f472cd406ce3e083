import { formatSize } from "../../args/size.ts";
import { openCatalogs } from "../../catalogs/open.ts";
import { packageSizes } from "../../catalogs/package-sizes.ts";
import { type PackageSummary, summarize } from "../../catalogs/package-summary.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { formatTable } from "../../output/table.ts";
import type { CatalogListFlags } from "./list.ts";

/** Prints the CatalogList document. */
export async function run(job: Job<CatalogListFlags>): Promise<number> {
  const name = job.args[0] ?? "";
  await using open = await openCatalogs(job, [name], job.flags.sizes ? { sources: "any" } : {});
  const [catalog] = open.catalogs;
  if (catalog === undefined) return EXIT.failed;
  const listed = await summarize(catalog);
  const sizes = job.flags.sizes ? await packageSizes(catalog, { places: (await open.network()).places, signal: job.signal }) : undefined;
  const packages = listed.map((one): PackageSummary => ({ ...one, uniqueBytes: sizes?.get(one.name) ?? null }));
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
            { title: "versions", right: true },
            { title: "images", right: true },
            ...(sizes === undefined ? [] : [{ title: "unique", right: true }]),
          ],
          packages.map((one) => [
            one.name,
            one.displayName ?? "",
            one.defaultChannel,
            one.channels.find((channel) => channel.name === one.defaultChannel)?.head ?? "",
            String(one.channels.length),
            String(one.versions),
            String(one.images),
            ...(sizes === undefined ? [] : [one.uniqueBytes === null ? "unknown" : formatSize(one.uniqueBytes)]),
          ]),
        ),
      names: () => packages.map((one) => one.name),
    },
  );
  return EXIT.done;
}
