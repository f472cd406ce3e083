import {
  defineMappingTag,
  defineScalarTag,
  type MappingTagDefinition,
  mergeTag,
  NOT_RESOLVED,
  type ScalarTagDefinition,
  Schema,
  seqTag,
  strTag,
} from "js-yaml";
import { GO_SCALAR_FIRST_CHARS, resolveGoScalar } from "./go-scalars.ts";

type JsonMap = Record<string, unknown>;

/** Keys become text as in the conversion to JSON; only null and collections cannot. */
function keyText(key: unknown): string | undefined {
  if (typeof key === "string") return key;
  if (typeof key === "number" || typeof key === "boolean") return String(key);
  return undefined;
}

const goMapTag: MappingTagDefinition<JsonMap, JsonMap> = defineMappingTag<JsonMap>("tag:yaml.org,2002:map", {
  create: () => ({}),
  addPair(carrier, key, value) {
    const text = keyText(key);
    if (text === undefined) return "a key of a map must be text, a number or a boolean";
    if (text === "__proto__") Object.defineProperty(carrier, text, { value, enumerable: true, configurable: true, writable: true });
    else carrier[text] = value;
    return "";
  },
  has: (carrier, key) => Object.hasOwn(carrier, keyText(key) ?? ""),
  keys: (map) => Object.keys(map),
  get: (map, key) => map[keyText(key) ?? ""],
  identify: () => false,
});

const resolved: ScalarTagDefinition<unknown> = defineScalarTag<unknown>("tag:skerry.dev,2026:go", {
  implicit: true,
  implicitFirstChars: GO_SCALAR_FIRST_CHARS,
  resolve(source) {
    const value = resolveGoScalar(source);
    return typeof value === "string" ? NOT_RESOLVED : value;
  },
  identify: () => false,
});

function explicit(name: string, accepts: (value: unknown) => boolean): ScalarTagDefinition<unknown> {
  return defineScalarTag<unknown>(`tag:yaml.org,2002:${name}`, {
    resolve(source) {
      const value = resolveGoScalar(source);
      return accepts(value) ? value : NOT_RESOLVED;
    },
    identify: () => false,
  });
}

const binaryTextTag: ScalarTagDefinition<string> = defineScalarTag<string>("tag:yaml.org,2002:binary", {
  resolve: (source) => Buffer.from(source, "base64").toString("utf8"),
  identify: () => false,
});

const timestampTextTag: ScalarTagDefinition<string> = defineScalarTag<string>("tag:yaml.org,2002:timestamp", {
  resolve: (source) => source,
  identify: () => false,
});

/** YAML as sigs.k8s.io/yaml reads it on its way to JSON. */
export const GO_YAML_SCHEMA: Schema = new Schema([
  strTag,
  seqTag,
  goMapTag,
  mergeTag,
  resolved,
  explicit("int", (value) => typeof value === "number" && Number.isInteger(value)),
  explicit("float", (value) => typeof value === "number"),
  explicit("bool", (value) => typeof value === "boolean"),
  explicit("null", (value) => value === null),
  binaryTextTag,
  timestampTextTag,
]);
