import { mermaidGraph, packageGraph, readDeprecations, svgGraph, textGraph } from "@skerry/catalog";
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
  const graph = packageGraph(info, { deprecated: await readDeprecations(catalog, info.name) });
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
