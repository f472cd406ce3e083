import { compareCatalogs, type PackageDifference } from "../../catalogs/difference.ts";
import { openCatalogs } from "../../catalogs/open.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import type { CatalogDiffFlags } from "./diff.ts";

/** Prints what comes, goes and changes. */
export async function run(job: Job<CatalogDiffFlags>): Promise<number> {
  await using open = await openCatalogs(job, job.args);
  const [before, after] = open.catalogs;
  if (before === undefined || after === undefined) return EXIT.failed;
  const packages = compareCatalogs(before, after);
  await job.out.result(
    { kind: "CatalogDiff", before: job.args[0], after: job.args[1], packages },
    { text: () => packages.map(packageText).join(""), names: () => packages.map((one) => one.name) },
  );
  return packages.length > 0 && job.flags["exit-code"] ? EXIT.different : EXIT.done;
}

const SIGNS = { added: "+", removed: "-", changed: "~" } as const;

function packageText(one: PackageDifference): string {
  const lines = [`${SIGNS[one.change]} ${one.name}`];
  if (one.defaultChannel !== undefined) lines.push(`    default channel ${one.defaultChannel.from} -> ${one.defaultChannel.to}`);
  for (const channel of one.channels ?? []) {
    const head = channel.head === undefined ? "" : `  head ${channel.head.from ?? "none"} -> ${channel.head.to ?? "none"}`;
    const counts = `  +${channel.entriesAdded.length} -${channel.entriesRemoved.length} entries`;
    lines.push(`  ${SIGNS[channel.change]} ${channel.name}${head}${counts}`);
  }
  for (const [sign, names] of [
    ["+", one.bundlesAdded],
    ["-", one.bundlesRemoved],
    ["~", one.bundlesChanged],
  ] as const) {
    for (const name of names ?? []) lines.push(`    ${sign} ${name}`);
  }
  return lines.map((line) => `${escapeLine(line)}\n`).join("");
}
