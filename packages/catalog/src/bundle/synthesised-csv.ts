import { asObject, asText, type JsonObject, member } from "../document/shape.ts";
import { bundleCsv } from "../images/bundle-csv.ts";
import type { Bundle } from "../types.ts";
import { Members } from "../write/go-json.ts";

/** What of the package goes into a synthesised CSV. */
export interface CsvPackage {
  readonly icon?: JsonObject | undefined;
  readonly description?: string | undefined;
}

/** Members of the metadata that stand under the same name in a CSV's spec. */
const COPIED = ["displayName", "installModes", "keywords", "links", "maintainers", "maturity", "minKubeVersion", "nativeAPIs", "provider"];

/**
 * The CSV of a bundle: the one among its manifests, else one made of `olm.csv.metadata`, as catalog servers make it. Its
 * install strategy is an empty `deployment`, because a package server of OLM falls over without one. Undefined when the
 * bundle has neither. operator-registry "pkg/api/model_to_api".
 */
export function csvOf(bundle: Bundle, info: CsvPackage): JsonObject | Members | undefined {
  const own = bundleCsv(bundle);
  if (own !== undefined) return own;
  const metadata = asObject(bundle.properties.find((property) => property.type === "olm.csv.metadata")?.value);
  if (metadata === undefined) return undefined;
  const version = asText(member(bundle.properties.find((property) => property.type === "olm.package")?.value, "version"));
  const description = asText(member(metadata, "description"));
  return new Members([
    ["kind", "ClusterServiceVersion"],
    ["apiVersion", "operators.coreos.com/v1alpha1"],
    ["metadata", { name: bundle.name, ...kept(metadata, "annotations"), ...kept(metadata, "labels") }],
    [
      "spec",
      {
        ...kept(metadata, "apiServiceDefinitions", "apiservicedefinitions"),
        ...kept(metadata, "crdDescriptions", "customresourcedefinitions"),
        description: description === "" ? (info.description ?? "") : description,
        ...(info.icon === undefined ? {} : { icon: [info.icon] }),
        install: { spec: { deployments: null }, strategy: "deployment" },
        ...keptAll(metadata, COPIED),
        relatedImages: bundle.relatedImages.map((image) => ({ name: image.name, image: image.image })),
        version,
      },
    ],
  ]);
}

function keptAll(metadata: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.flatMap((key) => Object.entries(kept(metadata, key))));
}

function kept(metadata: JsonObject, key: string, as: string = key): JsonObject {
  const value = member(metadata, key);
  return value === undefined ? {} : { [as]: value };
}
