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
 * and version, the kinds it provides and requires, its dependencies. Declared ones and kinds come once; of several
 * packages the last counts, the annotation's after that of the bundle after the file's. Manifests are not among them.
 * operator-registry "registry_to_model".
 */
export function bundleProperties(sources: PropertySources): readonly Property[] {
  const annotated = annotatedProperties(sources.csv);
  const declared = distinct([...sources.properties, ...annotated]);
  const own = sources.package === "" ? [] : [packageProperty(sources)];
  const identity = [...sources.properties, ...own, ...annotated].findLast(isPackage) ?? packageProperty(sources);
  const dependencies = sources.dependencies.map(asRequirement);
  const isKind = (property: Property): boolean => property.type === "olm.gvk";
  const isRequiredKind = (property: Property): boolean => property.type === "olm.gvk.required";
  return [
    asPackage(identity),
    ...distinct([
      ...declared.filter(isKind).map(({ type, value }) => kindOf(type, value)),
      ...providedApis(sources.objects, sources.csv).map((kind) => kindProperty("olm.gvk", kind)),
    ]),
    ...distinct([
      ...dependencies.filter(isRequiredKind),
      ...requiredApis(sources.csv).map((kind) => kindProperty("olm.gvk.required", kind)),
    ]),
    ...dependencies.filter((property) => !isRequiredKind(property)),
    ...declared.filter((property) => !isKind(property) && !isPackage(property)),
  ];
}

function isPackage(property: Property): boolean {
  return property.type === "olm.package";
}

/** An `olm.package` with its own members only. */
function asPackage({ type, value }: Property): Property {
  const text = (key: string): string =>
    asText(value instanceof Members ? value.list.find(([own]) => own === key)?.[1] : member(value, key));
  const release = text("release");
  return {
    type,
    value: new Members([
      ["packageName", text("packageName")],
      ...(release === "" ? [] : [["release", release] as const]),
      ["version", text("version")],
    ]),
  };
}

/** Each property once, the first of equal ones. */
function distinct(properties: readonly Property[]): readonly Property[] {
  return [...new Map(properties.map((property) => [`${property.type}\n${goJson(property.value)}`, property])).values()];
}

/** Sorted by type, then by the text of the value. */
export function inOrder(properties: readonly Property[]): readonly Property[] {
  const keyed = properties.map((property) => ({ property, value: goJson(property.value) }));
  keyed.sort((a, b) => byBytes(a.property.type, b.property.type) || byBytes(a.value, b.value));
  return keyed.map(({ property }) => property);
}

/** {@link inOrder}, equal ones once. */
export function sortedProperties(properties: readonly Property[]): readonly Property[] {
  return inOrder(distinct(properties));
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

function kindOf(type: string, value: unknown): Property {
  return kindProperty(type, {
    group: asText(member(value, "group")),
    version: asText(member(value, "version")),
    kind: asText(member(value, "kind")),
    plural: "",
  });
}

/** Dependencies name their types as the provider does; a catalog says `.required`. */
export function asRequirement(dependency: Property): Property {
  if (dependency.type === "olm.gvk") return kindOf("olm.gvk.required", dependency.value);
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
