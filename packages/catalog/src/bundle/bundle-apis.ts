import { asList, asText, type JsonObject, member } from "../document/shape.ts";

/** A kind of the Kubernetes API. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Resource name; empty where only a property tells of the kind. */
  readonly plural: string;
}

/** Kinds that a bundle provides: every version of its CRD manifests, and the API services its CSV owns. */
export function providedApis(objects: readonly JsonObject[], csv: JsonObject): readonly GroupVersionKind[] {
  const crds = objects.filter((object) => member(object, "kind") === "CustomResourceDefinition").flatMap(crdKinds);
  return unique([...crds, ...asList(member(csv, "spec", "apiservicedefinitions", "owned")).map(serviceKind)]);
}

/** Kinds that a CSV requires: CRDs by the part of their name behind the first dot, and API services. */
export function requiredApis(csv: JsonObject): readonly GroupVersionKind[] {
  const crds = asList(member(csv, "spec", "customresourcedefinitions", "required")).flatMap((crd) => {
    const name = asText(member(crd, "name"));
    const dot = name.indexOf(".");
    if (dot < 0) return [];
    return [
      {
        group: name.slice(dot + 1),
        version: asText(member(crd, "version")),
        kind: asText(member(crd, "kind")),
        plural: name.slice(0, dot),
      },
    ];
  });
  return unique([...crds, ...asList(member(csv, "spec", "apiservicedefinitions", "required")).map(serviceKind)]);
}

/** Kinds that a CSV owns and no CRD manifest of the bundle defines: names as the CSV has them, with version and kind. */
export function undefinedKinds(objects: readonly JsonObject[], csv: JsonObject): readonly string[] {
  const key = (kind: GroupVersionKind): string => [kind.plural, kind.group, kind.version, kind.kind].join("\n");
  const defined = new Set(providedApis(objects, csv).map(key));
  return asList(member(csv, "spec", "customresourcedefinitions", "owned")).flatMap((crd) => {
    const [name = "", version = "", kind = ""] = ["name", "version", "kind"].map((own) => asText(member(crd, own)));
    const dot = name.indexOf(".");
    const wanted = { plural: name.slice(0, Math.max(dot, 0)), group: name.slice(dot + 1), version, kind };
    return dot >= 0 && defined.has(key(wanted)) ? [] : [`${name} ${version} ${kind}`];
  });
}

function crdKinds(crd: JsonObject): readonly GroupVersionKind[] {
  const spec = member(crd, "spec");
  const versions = asList(member(spec, "versions")).map((version) => asText(member(version, "name")));
  // v1beta1 also has a single version beside the list, or instead of it.
  const single = asText(member(spec, "version"));
  const all = single === "" || versions.includes(single) ? versions : [...versions, single];
  return all.map((version) => ({
    group: asText(member(spec, "group")),
    version,
    kind: asText(member(spec, "names", "kind")),
    plural: asText(member(spec, "names", "plural")),
  }));
}

function serviceKind(service: unknown): GroupVersionKind {
  return {
    group: asText(member(service, "group")),
    version: asText(member(service, "version")),
    kind: asText(member(service, "kind")),
    plural: asText(member(service, "name")),
  };
}

function unique(kinds: readonly GroupVersionKind[]): readonly GroupVersionKind[] {
  return [...new Map(kinds.map((kind) => [`${kind.group}/${kind.version}/${kind.kind}`, kind])).values()];
}
