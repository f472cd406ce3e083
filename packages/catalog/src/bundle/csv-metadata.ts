import { asList, asObject, asText, type JsonObject } from "../document/shape.ts";
import { bundleCsv } from "../images/bundle-csv.ts";
import { foldedMember } from "../scan/fold.ts";
import type { Bundle, Property } from "../types.ts";
import { Members } from "../write/go-json.ts";

/**
 * `olm.csv.metadata`: what a catalog server needs of a CSV, without icon, install instructions and images. Members and
 * what is left out when empty follow opm's structs. operator-registry "alpha/property".
 */
export function csvMetadata(csv: JsonObject): Property {
  const spec = field(csv, "spec");
  const value = new Members([
    ...texts("annotations", field(csv, "metadata", "annotations")),
    ["apiServiceDefinitions", owned(field(spec, "apiservicedefinitions"), serviceDescription)],
    ["crdDescriptions", owned(field(spec, "customresourcedefinitions"), crdDescription)],
    ...optional(spec, ["description", "displayName"]),
    ...list("installModes", field(spec, "installModes"), (mode) =>
      fields(mode, ["type"], [["supported", field(mode, "supported") === true]]),
    ),
    ...textList("keywords", field(spec, "keywords")),
    ...texts("labels", field(csv, "metadata", "labels")),
    ...list("links", field(spec, "links"), link),
    ...list("maintainers", field(spec, "maintainers"), (maintainer) => new Members(optional(maintainer, ["name", "email"]))),
    ...optional(spec, ["maturity", "minKubeVersion"]),
    ...list("nativeAPIs", field(spec, "nativeAPIs"), (kind) => fields(kind, ["group", "version", "kind"])),
    ["provider", link(field(spec, "provider"))],
  ]);
  return { type: "olm.csv.metadata", value };
}

/**
 * A bundle with its manifests replaced by `olm.csv.metadata`, as opm's migration `bundle-object-to-csv-metadata` does: a
 * bundle without image keeps them, because nothing else holds them, and so does one whose CSV cannot be read.
 */
export function migrateBundle(bundle: Bundle): Bundle {
  const csv = bundle.image === "" ? undefined : bundleCsv(bundle);
  if (csv === undefined || bundle.properties.some((property) => property.type === "olm.csv.metadata")) return bundle;
  const rest = bundle.properties.filter((property) => property.type !== "olm.bundle.object");
  return { ...bundle, properties: [...rest, csvMetadata(csv)] };
}

type Field = readonly [string, unknown];

/** Go's decoder knows the members of its structs in any case; two real CSVs write `minkubeversion`. */
function field(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => {
    const object = asObject(at);
    return object === undefined ? undefined : foldedMember(object, key);
  }, value);
}

function owned(definitions: unknown, describe: (value: unknown) => Members): Members {
  return new Members([
    ...list("owned", field(definitions, "owned"), describe),
    ...list("required", field(definitions, "required"), describe),
  ]);
}

function crdDescription(value: unknown): Members {
  return fields(value, ["name", "version", "kind"], description(value));
}

function serviceDescription(value: unknown): Members {
  const port = field(value, "containerPort");
  return fields(
    value,
    ["name", "group", "version", "kind"],
    [
      ...optional(value, ["deploymentName"]),
      ...(typeof port === "number" && port !== 0 ? [["containerPort", port] as const] : []),
      ...description(value),
    ],
  );
}

function description(value: unknown): readonly Field[] {
  return [
    ...optional(value, ["displayName", "description"]),
    ...list("resources", field(value, "resources"), (resource) => fields(resource, ["name", "kind", "version"])),
    ...["statusDescriptors", "specDescriptors", "actionDescriptors"].flatMap((key) => list(key, field(value, key), descriptor)),
  ];
}

function descriptor(value: unknown): Members {
  const own = field(value, "value");
  return fields(
    value,
    ["path"],
    [
      ...optional(value, ["displayName", "description"]),
      ...textList("x-descriptors", field(value, "x-descriptors")),
      ...(own === undefined ? [] : [["value", own] as const]),
    ],
  );
}

function link(value: unknown): Members {
  return new Members(optional(value, ["name", "url"]));
}

/** Members that are always written, then others. */
function fields(value: unknown, always: readonly string[], more: readonly Field[] = []): Members {
  return new Members([...always.map((key) => [key, asText(field(value, key))] as const), ...more]);
}

function optional(value: unknown, keys: readonly string[]): readonly Field[] {
  return keys.flatMap((key) => {
    const text = asText(field(value, key));
    return text === "" ? [] : [[key, text] as const];
  });
}

function list(key: string, value: unknown, item: (value: unknown) => Members): readonly Field[] {
  const items = asList(value).map(item);
  return items.length === 0 ? [] : [[key, items]];
}

function textList(key: string, value: unknown): readonly Field[] {
  const items = asList(value).map(asText);
  return items.length === 0 ? [] : [[key, items]];
}

function texts(key: string, value: unknown): readonly Field[] {
  const members = Object.entries(asObject(value) ?? {}).map(([name, text]) => [name, asText(text)] as const);
  return members.length === 0 ? [] : [[key, Object.fromEntries(members)]];
}
