import { load, YAMLException } from "js-yaml";
import { ClusterError } from "./errors.ts";

/** What a template may say about the object beside its spec. */
export interface CatalogSourceTemplate {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

const MAX_CHARACTERS = 256 * 1024;
const TOP_KEYS = ["apiVersion", "kind", "metadata", "spec", "status"];

/**
 * Reads a `targetCatalogSourceTemplate`: a CatalogSource of `operators.coreos.com/v1alpha1` whose source is a gRPC image.
 * Its name, namespace, image and status do not count, and neither does what a cluster wrote into its metadata.
 * @throws ClusterError `TEMPLATE_INVALID`; `oc mirror` would log the fault and go on without the template
 */
export function parseCatalogSourceTemplate(template: { readonly path: string; readonly text: string }): CatalogSourceTemplate {
  const fail = (why: string, cause?: unknown) => invalid(template.path, why, cause);
  const object = record(read(template, fail));
  if (object === undefined) throw fail("it is not an object");
  const unknown = Object.keys(object).find((key) => !TOP_KEYS.includes(key));
  if (unknown !== undefined) throw fail(`it has an unknown key ${JSON.stringify(unknown)}`);
  if (object["apiVersion"] !== "operators.coreos.com/v1alpha1" || object["kind"] !== "CatalogSource") {
    throw fail("expected kind CatalogSource of operators.coreos.com/v1alpha1");
  }
  const spec = record(object["spec"] ?? {});
  if (spec === undefined) throw fail("its spec is not an object");
  const sourceType = spec["sourceType"] ?? "";
  if (sourceType !== "" && sourceType !== "grpc") throw fail(`its sourceType is ${JSON.stringify(sourceType)}, expected grpc`);
  for (const key of ["configMap", "address"]) if (spec[key]) throw fail(`it has ${key}, which another kind of catalog needs`);
  const metadata = record(object["metadata"] ?? {}) ?? {};
  return { labels: texts(metadata["labels"], fail), annotations: texts(metadata["annotations"], fail), spec };
}

/** Two trees of objects in one: the second wins, lists and single values as a whole. */
export function mergeObjects(base: Readonly<Record<string, unknown>>, over: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (key === "__proto__") continue;
    const below = record(Object.hasOwn(base, key) ? base[key] : undefined);
    const above = record(value);
    result[key] = below !== undefined && above !== undefined ? mergeObjects(below, above) : value;
  }
  return result;
}

type Fail = (why: string, cause?: unknown) => ClusterError;

function read(template: { readonly text: string }, fail: Fail): unknown {
  if (template.text.length > MAX_CHARACTERS) throw fail(`it has more than ${MAX_CHARACTERS} characters`);
  try {
    return load(template.text, { maxDepth: 50, maxAliases: 100 });
  } catch (error) {
    if (error instanceof YAMLException) throw fail(`it is not YAML: ${error.message.split("\n", 1)[0]}`, error);
    throw error;
  }
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

function texts(value: unknown, fail: Fail): Record<string, string> {
  const entries = Object.entries(record(value) ?? {});
  for (const [key, text] of entries) if (typeof text !== "string") throw fail(`the label or annotation ${key} is not text`);
  return Object.fromEntries(entries) as Record<string, string>;
}

function invalid(path: string, why: string, cause?: unknown): ClusterError {
  return new ClusterError({
    code: "TEMPLATE_INVALID",
    message: `Cannot use the CatalogSource template ${path}: ${why}`,
    subject: path,
    hint: "Start from `oc get catalogsource NAME -n openshift-marketplace -o yaml`.",
    ...(cause === undefined ? {} : { cause }),
  });
}
