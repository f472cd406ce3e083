import {
  type Catalog,
  mermaidGraph,
  packageGraph,
  parseSelects,
  readDeprecations,
  selectPackages,
  svgGraph,
  textGraph,
} from "@skerry/catalog";
import { UsageError } from "../../args/errors.ts";
import { didYouMean } from "../../args/nearest.ts";
import { openCatalogs } from "../../catalogs/open.ts";
import { packageOf, requiredCatalog } from "../../catalogs/required.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import type { GraphFlags } from "./graph.ts";

/** Prints the upgrade graph in the form that `-o` names. */
export async function run(job: Job<GraphFlags>): Promise<number> {
  const name = requiredCatalog(job.flags.catalog);
  await using open = await openCatalogs(job, [name]);
  const [catalog] = open.catalogs;
  if (catalog === undefined) return EXIT.failed;
  const info = packageOf(catalog, job.args[0] ?? "");
  const selected = selectedBundles(catalog, info.name, job.flags.select);
  const minimumEdge = job.flags["minimum-edge"];
  if (minimumEdge !== undefined && !info.bundles.has(minimumEdge)) {
    throw new UsageError(`package ${info.name} has no bundle ${JSON.stringify(minimumEdge)}`, {
      subject: "--minimum-edge",
      hint: didYouMean(minimumEdge, [...info.bundles.keys()]) ?? `List them: skerry catalog show ${info.name} --catalog ${name}`,
    });
  }
  const deprecated = await readDeprecations(catalog, info.name);
  const graph = packageGraph(info, { deprecated, selected, minimumEdge, ownRanges: job.flags.output === "mermaid" });
  if (job.flags.output === "svg") await job.out.text(svgGraph(graph));
  else if (job.flags.output === "mermaid") await job.out.text(mermaidGraph([graph]));
  else {
    const nodes = graph.channels.flatMap((channel) => channel.nodes.map((node) => node.name));
    await job.out.result(
      { kind: "CatalogGraph", catalog: name, ...graph },
      { text: () => textGraph(graph), names: () => [...new Set(nodes)] },
    );
  }
  return EXIT.done;
}

/** What the selections of `--select` keep of the package. */
function selectedBundles(catalog: Catalog, name: string, texts: readonly string[]): ReadonlySet<string> | undefined {
  if (texts.length === 0) return undefined;
  const selections = texts.map((text) => (/^[/@]/.test(text) ? `${name}${text}` : text));
  const chosen = selectPackages(catalog, parseSelects(selections)).packages.find((one) => one.name === name);
  return new Set(chosen?.bundles ?? []);
}
