import type { z } from "zod";
import type { ConfigFault } from "./config-error.ts";
import { nearestWord } from "./nearest.ts";
import { retiredKey, wrongApiVersion } from "./retired-keys.ts";
import { imageSetSchema } from "./schema.ts";
import { formatTreePath, type TreePath, type YamlTree } from "./yaml-tree.ts";

type Issue = z.core.$ZodIssue;

/** Puts what the schema found into the words and places of the file. */
export function shapeFaults(issues: readonly Issue[], tree: YamlTree): ConfigFault[] {
  return issues.flatMap((issue) => faultsOf(issue, tree, []));
}

function faultsOf(issue: Issue, tree: YamlTree, base: TreePath): ConfigFault[] {
  const path = [...base, ...issue.path.map((part) => (typeof part === "number" ? part : String(part)))];
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(key, path, tree));
  if (issue.code === "invalid_union") {
    const branch = deepestBranch(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => faultsOf(inner, tree, path));
  }
  if (formatTreePath(path) === "apiVersion") {
    const refusal = wrongApiVersion(valueAt(tree.root, path));
    return refusal === undefined ? [] : [fault(path, tree, refusal)];
  }
  return [fault(path, tree, describe(issue, valueAt(tree.root, path), tree.plainText(path)))];
}

function unknownKey(key: string, path: TreePath, tree: YamlTree): ConfigFault {
  const inner = [...path, key];
  const place = { path: formatTreePath(inner), ...tree.keyAt(inner) };
  const retired = retiredKey(key);
  if (retired !== undefined) return { ...place, ...retired };
  const known = knownKeys(path);
  const nearest = nearestWord(key, known);
  const suggestion =
    nearest !== undefined ? `Did you mean ${nearest}?` : known.length > 0 ? `Known here: ${known.join(", ")}.` : "Remove it.";
  return { ...place, message: `unknown key ${JSON.stringify(key)}`, suggestion };
}

function describe(issue: Issue, value: unknown, plain: string | undefined): { message: string; suggestion?: string } {
  if (value === undefined) return { message: "is required, and missing", ...(example(issue) ?? {}) };
  if (issue.code === "invalid_type") {
    const message = `expected ${typeName(issue.expected)}, got ${shown(value, plain)}`;
    if (issue.expected === "string" && plain !== undefined) {
      return { message, suggestion: `Write it in quotes: ${JSON.stringify(plain)}.` };
    }
    return { message };
  }
  if (issue.code === "invalid_value") {
    const values = issue.values.map(String);
    const nearest = typeof value === "string" ? nearestWord(value, values) : undefined;
    return {
      message: `expected ${values.length === 1 ? values[0] : `one of ${values.join(", ")}`}, got ${shown(value, plain)}`,
      ...(nearest === undefined ? {} : { suggestion: `Did you mean ${nearest}?` }),
    };
  }
  return { message: `${issue.message}, got ${shown(value, plain)}` };
}

function example(issue: Issue): { suggestion: string } | undefined {
  return issue.path.at(-1) === "mirror" ? { suggestion: "Write mirror: with operators or additionalImages below it." } : undefined;
}

function fault(path: TreePath, tree: YamlTree, what: { readonly message: string; readonly suggestion?: string }): ConfigFault {
  return { path: formatTreePath(path), ...tree.valueAt(path), ...what };
}

/** The alternative that got furthest before it failed: what the writer most likely meant. */
function deepestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return branches.filter((branch) => branch.some((issue) => issue.path.length > 0)).at(0);
}

function knownKeys(path: TreePath): string[] {
  let node: unknown = imageSetSchema();
  for (const part of path) {
    node = typeof part === "number" ? property(node, "items") : property(property(node, "properties"), part);
  }
  const properties = property(node, "properties");
  return typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
}

function property(node: unknown, key: string): unknown {
  return typeof node === "object" && node !== null && Object.hasOwn(node, key) ? (node as Record<string, unknown>)[key] : undefined;
}

/** The value at a path of a tree; undefined when there is none. */
export function valueAt(root: unknown, path: TreePath): unknown {
  let node = root;
  for (const part of path) {
    if (typeof node !== "object" || node === null) return undefined;
    node = Array.isArray(node) ? node[Number(part)] : (node as Record<string, unknown>)[part];
  }
  return node;
}

function typeName(expected: string): string {
  const names: Record<string, string> = { string: "text", object: "keys and values", array: "a list", boolean: "true or false" };
  return names[expected] ?? (expected === "int" ? "a whole number" : `a ${expected}`);
}

function shown(value: unknown, plain: string | undefined): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "keys and values";
  const text = plain ?? (typeof value === "string" ? JSON.stringify(value) : String(value));
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
