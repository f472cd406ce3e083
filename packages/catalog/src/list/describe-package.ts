import { asList, asObject, asText, member } from "../document/shape.ts";
import { bundleCsv } from "../images/bundle-csv.ts";
import { channelGraph } from "../model/channel-graph.ts";
import type { Bundle, Catalog, PackageInfo } from "../types.ts";

/** What a publisher says about a package; absent texts are empty. */
export interface PackageDescription {
  readonly displayName: string;
  readonly provider: string;
  /** One or two sentences: the annotation that a console shows on a tile. */
  readonly summary: string;
  /** The long text, often Markdown. */
  readonly description: string;
  readonly keywords: readonly string[];
}

/**
 * What the bundle at the head of the default channel and the `olm.package` document say. Reads those two.
 * @throws CatalogError when the bundle cannot be read
 */
export async function describePackage(catalog: Catalog, info: PackageInfo): Promise<PackageDescription> {
  let own = "";
  for await (const { body } of catalog.documents((one) => one.schema === "olm.package" && one.name === info.name)) {
    own = asText(member(body, "description"));
  }
  const channel = info.channels.find(({ name }) => name === info.defaultChannel);
  const head = channel === undefined ? undefined : channelGraph(channel).heads[0];
  const bundle = head === undefined || !info.bundles.has(head) ? undefined : await catalog.bundle(info.name, head);
  const { spec, annotations } = bundle === undefined ? {} : csvParts(bundle);
  return {
    displayName: asText(member(spec, "displayName")),
    provider: asText(member(spec, "provider", "name")),
    summary: asText(member(annotations, "description")),
    description: asText(member(spec, "description")) || own,
    keywords: asList(member(spec, "keywords")).map(asText),
  };
}

/** What a CSV has under `spec` and `metadata.annotations`; `olm.csv.metadata` has both at its top. */
function csvParts(bundle: Bundle): { readonly spec?: unknown; readonly annotations?: unknown } {
  const metadata = asObject(bundle.properties.find((property) => property.type === "olm.csv.metadata")?.value);
  if (metadata !== undefined) return { spec: metadata, annotations: metadata["annotations"] };
  const csv = bundleCsv(bundle);
  return { spec: member(csv, "spec"), annotations: member(csv, "metadata", "annotations") };
}
