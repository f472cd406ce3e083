import {
  defineMappingTag,
  defineScalarTag,
  defineSequenceTag,
  type MappingTagDefinition,
  mergeTag,
  NOT_RESOLVED,
  type ScalarTagDefinition,
  Schema,
  type SequenceTagDefinition,
  strTag,
} from "js-yaml";
import { floatKey, GO_SCALAR_FIRST_CHARS, isTimestamp, resolveGoScalar } from "./go-scalars.ts";

type JsonMap = Record<string, unknown>;

/** Keys become text as in the conversion to JSON; only null and collections cannot. */
function keyText(key: unknown): string | undefined {
  if (typeof key === "string") return key;
  if (typeof key === "number") return Number.isInteger(key) ? String(key) : floatKey(key);
  return typeof key === "boolean" ? String(key) : undefined;
}

const NO_NUMBER = "JSON has no number for infinity or .nan";

function isNoNumber(value: unknown): boolean {
  return typeof value === "number" && !Number.isFinite(value);
}

const goMapTag: MappingTagDefinition<JsonMap, JsonMap> = goMap("tag:yaml.org,2002:map", false);
const goListTag: SequenceTagDefinition<unknown[], unknown[]> = goList("tag:yaml.org,2002:seq", false);

function goMap(name: string, matchByTagPrefix: boolean): MappingTagDefinition<JsonMap, JsonMap> {
  return defineMappingTag<JsonMap>(name, {
    matchByTagPrefix,
    create: () => ({}),
    addPair(carrier, key, value) {
      const text = keyText(key);
      if (text === undefined) return "a key of a map must be text, a number or a boolean";
      if (isNoNumber(value)) return NO_NUMBER;
      if (text === "__proto__") Object.defineProperty(carrier, text, { value, enumerable: true, configurable: true, writable: true });
      else carrier[text] = value;
      return "";
    },
    has: (carrier, key) => Object.hasOwn(carrier, keyText(key) ?? ""),
    keys: (map) => Object.keys(map),
    get: (map, key) => map[keyText(key) ?? ""],
    identify: () => false,
  });
}

function goList(name: string, matchByTagPrefix: boolean): SequenceTagDefinition<unknown[], unknown[]> {
  return defineSequenceTag<unknown[]>(name, {
    matchByTagPrefix,
    create: () => [],
    addItem(carrier, item) {
      if (isNoNumber(item)) return NO_NUMBER;
      carrier.push(item);
      return "";
    },
    identify: () => false,
  });
}

const resolved: ScalarTagDefinition<unknown> = defineScalarTag<unknown>("tag:skerry.dev,2026:go", {
  implicit: true,
  implicitFirstChars: GO_SCALAR_FIRST_CHARS,
  resolve(source) {
    const value = resolveGoScalar(source);
    return typeof value === "string" ? NOT_RESOLVED : value;
  },
  identify: () => false,
});

function explicit(name: string, accepts: (value: unknown, source: string) => boolean): ScalarTagDefinition<unknown> {
  return defineScalarTag<unknown>(`tag:yaml.org,2002:${name}`, {
    resolve(source) {
      const value = resolveGoScalar(source);
      return accepts(value, source) ? value : NOT_RESOLVED;
    },
    identify: () => false,
  });
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const binaryTextTag: ScalarTagDefinition<string> = defineScalarTag<string>("tag:yaml.org,2002:binary", {
  resolve(source) {
    const text = source.replaceAll(/[\r\n]/g, "");
    return BASE64.test(text) ? Buffer.from(text, "base64").toString("utf8") : NOT_RESOLVED;
  },
  identify: () => false,
});

const timestampTextTag: ScalarTagDefinition<string> = defineScalarTag<string>("tag:yaml.org,2002:timestamp", {
  resolve: (source) => (isTimestamp(source) ? source : NOT_RESOLVED),
  identify: () => false,
});

/** Every tag that Go does not know changes nothing, but that a scalar stays text. */
const ANY_TAG = "";

const otherScalarTag: ScalarTagDefinition<string> = defineScalarTag<string>(ANY_TAG, {
  matchByTagPrefix: true,
  resolve: (source) => source,
  identify: () => false,
});

/** Written as a float, though its value may be whole. */
function isFloat(source: string): boolean {
  return /[.eE]/.test(source) && !/^[-+]?0[xX]/.test(source);
}

/** YAML as sigs.k8s.io/yaml reads it on its way to JSON. */
export const GO_YAML_SCHEMA: Schema = new Schema([
  strTag,
  goListTag,
  goMapTag,
  mergeTag,
  resolved,
  explicit("int", (value, source) => typeof value === "number" && Number.isInteger(value) && !isFloat(source)),
  explicit("float", (value) => typeof value === "number"),
  explicit("bool", (value) => typeof value === "boolean"),
  explicit("null", (value) => value === null),
  binaryTextTag,
  timestampTextTag,
  otherScalarTag,
  goList(ANY_TAG, true),
  goMap(ANY_TAG, true),
]);
