import { asText, type JsonObject, member } from "../document/shape.ts";
import type { Property } from "../types.ts";
import { byBytes, goJson, Members } from "../write/go-json.ts";
import { type GroupVersionKind, providedApis, requiredApis } from "./bundle-apis.ts";

/** What the properties of a bundle are made of. */
export interface PropertySources {
  readonly package: string;
  readonly csv: JsonObject;
  readonly objects: readonly JsonObject[];
  readonly properties: readonly Property[];
  readonly dependencies: readonly Property[];
}

/**
 * Properties of a bundle as opm derives them: those it declares (file and CSV annotation `olm.properties`), its package
 * and version, the kinds it provides and requires, its dependencies. Sorted by type and value, each once; manifests are
 * not among them. operator-registry "registry_to_model".
 */
export function bundleProperties(sources: PropertySources): readonly Property[] {
  const declared = [...sources.properties, ...annotatedProperties(sources.csv)];
  const dependencies = sources.dependencies.map(asRequirement);
  const derived = [
    ...(declared.some((property) => property.type === "olm.package") ? [] : [packageProperty(sources)]),
    ...providedApis(sources.objects, sources.csv).map((kind) => kindProperty("olm.gvk", kind)),
    ...requiredApis(sources.csv).map((kind) => kindProperty("olm.gvk.required", kind)),
  ];
  return sortedProperties([...declared, ...dependencies, ...derived]);
}

/** Sorted by type, then by the text of the value; equal ones once. */
export function sortedProperties(properties: readonly Property[]): readonly Property[] {
  const keyed = properties.map((property) => ({ property, value: goJson(property.value) }));
  keyed.sort((a, b) => byBytes(a.property.type, b.property.type) || byBytes(a.value, b.value));
  return keyed
    .filter(({ property, value }, index) => property.type !== keyed[index - 1]?.property.type || value !== keyed[index - 1]?.value)
    .map(({ property }) => property);
}

/** A manifest as `olm.bundle.object`: base64 of JSON as Go's encoder writes it, HTML characters escaped. */
export function objectProperty(object: JsonObject): Property {
  const escaped = goJson(object).replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("&", "\\u0026");
  return { type: "olm.bundle.object", value: { data: Buffer.from(escaped).toString("base64") } };
}

function packageProperty(sources: PropertySources): Property {
  const release = asText(member(sources.csv, "spec", "release"));
  const version = asText(member(sources.csv, "spec", "version"));
  return {
    type: "olm.package",
    value: new Members([
      ["packageName", sources.package],
      ...(release === "" ? [] : [["release", release] as const]),
      ["version", version],
    ]),
  };
}

/** A property that names a kind. */
export function kindProperty(type: string, kind: GroupVersionKind): Property {
  return { type, value: { group: kind.group, kind: kind.kind, version: kind.version } };
}

/** Dependencies name their types as the provider does; a catalog says `.required`. */
export function asRequirement(dependency: Property): Property {
  if (dependency.type === "olm.gvk") {
    const { value } = dependency;
    return kindProperty("olm.gvk.required", {
      group: asText(member(value, "group")),
      version: asText(member(value, "version")),
      kind: asText(member(value, "kind")),
      plural: "",
    });
  }
  if (dependency.type !== "olm.package") return dependency;
  return {
    type: "olm.package.required",
    value: { packageName: asText(member(dependency.value, "packageName")), versionRange: asText(member(dependency.value, "version")) },
  };
}

function annotatedProperties(csv: JsonObject): readonly Property[] {
  const text = asText(member(csv, "metadata", "annotations", "olm.properties"));
  if (text === "") return [];
  try {
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list)) return [];
    return list
      .map((entry: unknown) => ({ type: asText(member(entry, "type")), value: member(entry, "value") ?? null }))
      .filter((entry) => entry.type !== "");
  } catch {
    return [];
  }
}
