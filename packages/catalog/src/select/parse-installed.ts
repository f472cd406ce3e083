import { asList, asText, member } from "../document/shape.ts";
import { CatalogError } from "../errors.ts";
import type { InstalledVersion } from "../types.ts";
import { tryParseVersion } from "../version/version.ts";

/**
 * What runs on a cluster, from `oc get csv -A -o json`, `oc get subscriptions -A -o json`, or lines `PACKAGE VERSION`
 * (`#` begins a comment). Copies of one CSV in many namespaces count once. Sorted.
 *
 * @throws CatalogError SELECTION_INVALID for text that is none of these
 */
export function parseInstalled(text: string, path: string): readonly InstalledVersion[] {
  const found = text.trimStart().startsWith("{") ? fromObjects(text, path) : fromLines(text, path);
  const unique = new Map(found.map((one) => [`${one.package}\n${one.version}`, one]));
  return [...unique.keys()].sort().flatMap((key) => unique.get(key) ?? []);
}

function fromLines(text: string, path: string): readonly InstalledVersion[] {
  return text.split(/\r?\n/).flatMap((line, at) => {
    const [name = "", version = "", ...rest] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (name === "") return [];
    if (rest.length > 0 || tryParseVersion(version) === undefined) {
      throw invalid(path, `line ${at + 1}: expected PACKAGE VERSION, got ${JSON.stringify(line.trim().slice(0, 200))}`);
    }
    return [{ package: name, version }];
  });
}

function fromObjects(text: string, path: string): readonly InstalledVersion[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, `it is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const items = Array.isArray(member(value, "items")) ? asList(member(value, "items")) : [value];
  return items.flatMap((item) => {
    const kind = asText(member(item, "kind"));
    if (kind === "ClusterServiceVersion") return csvVersion(item);
    if (kind === "Subscription") return subscriptionVersion(item);
    throw invalid(path, `expected ClusterServiceVersions or Subscriptions, got ${kind === "" ? "an object without kind" : kind}`);
  });
}

/** OLM labels a CSV with `operators.coreos.com/<package>.<namespace>`. */
function csvVersion(item: unknown): readonly InstalledVersion[] {
  const version = asText(member(item, "spec", "version"));
  const bundle = asText(member(item, "metadata", "name"));
  const namespace = asText(member(item, "metadata", "namespace"));
  const labels = Object.keys((member(item, "metadata", "labels") ?? {}) as object);
  const prefix = "operators.coreos.com/";
  const own = labels
    .filter((label) => label.startsWith(prefix) && label.endsWith(`.${namespace}`))
    .map((label) => label.slice(prefix.length, -namespace.length - 1));
  const name = own[0] ?? bundle.replace(/\.v?[0-9].*$/, "");
  return version === "" || name === "" ? [] : [{ package: name, version, bundle }];
}

/** A subscription tells the name of the installed CSV; its version is what follows the package's name. */
function subscriptionVersion(item: unknown): readonly InstalledVersion[] {
  const name = asText(member(item, "spec", "name"));
  const bundle = asText(member(item, "status", "installedCSV"));
  const version = /[.-]v?([0-9]+\.[0-9]+\.[0-9]+.*)$/.exec(bundle)?.[1] ?? "";
  return name === "" || tryParseVersion(version) === undefined ? [] : [{ package: name, version, bundle }];
}

function invalid(path: string, why: string, cause?: unknown): CatalogError {
  return new CatalogError({
    code: "SELECTION_INVALID",
    message: `Cannot read installed versions from ${path}: ${why}`,
    subject: path,
    hint: "Give the output of `oc get csv -A -o json` or of `oc get subscriptions -A -o json`, or lines PACKAGE VERSION.",
    ...(cause === undefined ? {} : { cause }),
  });
}
