import { parseSelects, resolveDependencies } from "@skerry/catalog";
import { UsageError } from "../../args/errors.ts";
import { openCatalogs } from "../../catalogs/open.ts";
import { readInstalled } from "../../catalogs/read-installed.ts";
import { writeFolder } from "../../catalogs/write-folder.ts";
import type { Job } from "../../command/job.ts";
import { counted } from "../../output/counted.ts";
import { EXIT } from "../../output/error.ts";
import type { SelectFlags } from "./select.ts";

/** Writes the selected packages. */
export async function run(job: Job<SelectFlags>): Promise<number> {
  const [name = "", dir = ""] = job.args;
  const { full, deps } = job.flags;
  if (job.flags.package.length === 0 && !full)
    throw new UsageError("nothing is selected", { subject: "--package", hint: "Name it with --package PACKAGE[/CHANNEL][@VERSION]." });
  const selection = { ...parseSelects(job.flags.package), full, installed: await readInstalled(job, job.flags.installed) };
  const named = new Set(selection.packages?.map((one) => one.name));
  await using open = await openCatalogs(job, [name]);
  const [catalog] = open.catalogs;
  if (catalog === undefined) return EXIT.failed;
  const result = await resolveDependencies(catalog, selection, { mode: deps, signal: job.signal });
  const { selected, choices } = result;
  const problems = [...selected.problems, ...result.problems];
  for (const { bundle, need, provider, reason } of choices) {
    if (deps === "resolve" && provider !== undefined && !named.has(provider.package))
      job.log.info(`added ${provider.package} ${provider.version} of channel "${provider.channel}": ${bundle} needs ${need}`, {
        bundle,
        need,
        reason,
      });
  }
  for (const problem of problems) job.log.warn(`${problem.code} ${problem.message}`, { ...problem });
  await writeFolder(job, { catalog, selected, dir });
  const packages = selected.packages.map((one) => ({
    name: one.name,
    defaultChannel: one.defaultChannel,
    channels: one.channels.map((channel) => channel.name),
    bundles: one.bundles,
  }));
  await job.out.result(
    { kind: "CatalogSelection", catalog: name, directory: dir, packages, dependencies: choices, problems },
    {
      text: () => {
        const bundles = packages.reduce((sum, one) => sum + one.bundles.length, 0);
        return `Wrote ${counted(packages.length, "package")} with ${counted(bundles, "bundle")} to ${dir}\n`;
      },
      names: () => packages.map((one) => one.name),
    },
  );
  return problems.some((problem) => problem.severity === "error") ? EXIT.partial : EXIT.done;
}
