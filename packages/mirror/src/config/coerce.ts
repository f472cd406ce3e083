import type { z } from "zod";
import { valueAt } from "./shape-faults.ts";
import type { YamlTree } from "./yaml-tree.ts";

const TRUE = new Set(["yes", "Yes", "YES", "on", "On", "ON", "True", "TRUE"]);
const FALSE = new Set(["no", "No", "NO", "off", "Off", "OFF", "False", "FALSE"]);

/**
 * Mends in place what `oc mirror` reads without complaint because Go's YAML reader does, as far as nothing is lost:
 * a key without a value counts as left out, `yes` and `no` are booleans where one is expected, and a number stands for
 * its own text (`1.5`, but not `4.10`, which YAML reads as 4.1). sigs.k8s.io/yaml "convertToJSONableObject". Unknown keys,
 * which the caller has noted, are taken away, so that one of them does not hide the other faults of its entry.
 * @returns true when something was mended and the shape should be checked again
 */
export function mendShape(issues: readonly z.core.$ZodIssue[], tree: YamlTree): boolean {
  let mended = false;
  for (const issue of issues) {
    if (issue.code === "invalid_union") continue;
    const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
    if (issue.code === "unrecognized_keys") {
      mended = dropKeys(valueAt(tree.root, path), issue.keys) || mended;
      continue;
    }
    const key = path.at(-1);
    const parent = valueAt(tree.root, path.slice(0, -1));
    if (key === undefined || typeof parent !== "object" || parent === null) continue;
    const holder = parent as Record<string | number, unknown>;
    const value = holder[key];
    if (value === null && !Array.isArray(parent)) {
      delete holder[key];
      mended = true;
      continue;
    }
    const better = issue.code === "invalid_type" ? mend(value, issue.expected, tree.plainText(path)) : undefined;
    if (better === undefined) continue;
    holder[key] = better;
    mended = true;
  }
  return mended;
}

/**
 * Takes values of the wrong shape out of the way, in place, once they have been noted, so that one of them does not hide
 * the other faults of its entry: a number counts as its text, anything else as left out.
 * @returns true when something was changed and the shape should be checked again
 */
export function setAside(issues: readonly z.core.$ZodIssue[], tree: YamlTree): boolean {
  let changed = false;
  for (const issue of issues) {
    const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
    const key = path.at(-1);
    const parent = valueAt(tree.root, path.slice(0, -1));
    if (key === undefined || typeof parent !== "object" || parent === null || Array.isArray(parent)) continue;
    const holder = parent as Record<string | number, unknown>;
    if (holder[key] === undefined) continue;
    const plain = issue.code === "invalid_type" && issue.expected === "string" ? tree.plainText(path) : undefined;
    if (plain !== undefined && typeof holder[key] !== "string") holder[key] = plain;
    else delete holder[key];
    changed = true;
  }
  return changed;
}

function dropKeys(holder: unknown, keys: readonly string[]): boolean {
  if (typeof holder !== "object" || holder === null) return false;
  for (const key of keys) delete (holder as Record<string, unknown>)[key];
  return true;
}

function mend(value: unknown, expected: string, plain: string | undefined): unknown {
  if (plain === undefined) return undefined;
  if (expected === "string" && typeof value === "number" && String(value) === plain) return plain;
  if (expected === "boolean" && TRUE.has(plain)) return true;
  if (expected === "boolean" && FALSE.has(plain)) return false;
  return undefined;
}
