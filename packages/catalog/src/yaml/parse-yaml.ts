import { load, YAMLException } from "js-yaml";
import { GO_YAML_SCHEMA } from "./go-schema.ts";
import { parsePlainYaml } from "./plain-yaml.ts";

/** Most aliases in one document: enough for any hand-written catalog, too few for an explosion. */
export const MAX_ALIASES = 1000;
/** Most keys that merges may copy in one document. */
export const MAX_MERGE_KEYS = 10_000;
export const MAX_YAML_DEPTH = 100;
/** Most values of a document once its aliases are written out. */
export const MAX_EXPANDED = 1_000_000;

/** A document that is no YAML; `line` counts from 1 inside the document. */
export class YamlSyntaxError extends Error {
  override readonly name = "YamlSyntaxError";
  readonly line: number;
  constructor(message: string, line: number, cause: unknown) {
    super(message, { cause });
    this.line = line;
  }
}

/**
 * Parses one YAML document in Go's dialect. An empty document is null; of two equal keys the last counts unless
 * `uniqueKeys` refuses them.
 *
 * @throws YamlSyntaxError also for too many aliases or levels.
 */
export function parseGoYaml(text: string, options: { readonly uniqueKeys?: boolean } = {}): unknown {
  try {
    const unique = options.uniqueKeys === true;
    const plain = unique ? undefined : parsePlainYaml(text, (scalar) => loadGo(scalar, unique));
    if (plain !== undefined) return plain.value;
    const value = loadGo(text, unique);
    if (/[*]/.test(text) && text.includes("&")) checkExpansion(value);
    return value;
  } catch (error) {
    if (error instanceof YamlSyntaxError) throw error;
    if (isEmptyDocument(text)) return null;
    if (error instanceof YAMLException) throw new YamlSyntaxError(error.reason, (error.mark?.line ?? 0) + 1, error);
    throw new YamlSyntaxError(error instanceof Error ? error.message : String(error), 1, error);
  }
}

/** The whole language. Go lets the last of two equal keys win. */
function loadGo(text: string, uniqueKeys: boolean): unknown {
  return load(text, {
    schema: GO_YAML_SCHEMA,
    json: !uniqueKeys,
    maxDepth: MAX_YAML_DEPTH,
    maxAliases: MAX_ALIASES,
    maxTotalMergeKeys: MAX_MERGE_KEYS,
  });
}

function isEmptyDocument(text: string): boolean {
  return text.split("\n").every((line) => /^\s*(#.*)?$/.test(line) || /^---\s*(#.*)?$/.test(line));
}

/** Aliases of aliases make a small document huge where it is written out as JSON. */
function checkExpansion(value: unknown): void {
  const sizes = new Map<object, number>();
  const open = new Set<object>();
  const size = (node: unknown): number => {
    if (typeof node !== "object" || node === null) return 1;
    const known = sizes.get(node);
    if (known !== undefined) return known;
    if (open.has(node)) throw new YamlSyntaxError("an alias contains itself", 1, undefined);
    open.add(node);
    let total = 1;
    for (const inner of Object.values(node)) total += size(inner);
    open.delete(node);
    sizes.set(node, total);
    if (total > MAX_EXPANDED) throw new YamlSyntaxError("the document contains excessive aliasing", 1, undefined);
    return total;
  };
  size(value);
}
