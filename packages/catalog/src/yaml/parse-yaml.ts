import { load, YAMLException } from "js-yaml";
import { GO_YAML_SCHEMA } from "./go-schema.ts";

/** Most aliases in one document: enough for any hand-written catalog, too few for an explosion. */
export const MAX_ALIASES = 1000;
/** Most keys that merges may copy in one document. */
export const MAX_MERGE_KEYS = 10_000;
export const MAX_YAML_DEPTH = 100;

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
 * Parses one YAML document in Go's dialect. An empty document is null.
 *
 * @throws YamlSyntaxError also for too many aliases or levels.
 */
export function parseGoYaml(text: string): unknown {
  try {
    return load(text, {
      schema: GO_YAML_SCHEMA,
      // Go lets the last of two equal keys win.
      json: true,
      maxDepth: MAX_YAML_DEPTH,
      maxAliases: MAX_ALIASES,
      maxTotalMergeKeys: MAX_MERGE_KEYS,
    });
  } catch (error) {
    if (isEmptyDocument(text)) return null;
    if (error instanceof YAMLException) throw new YamlSyntaxError(error.reason, (error.mark?.line ?? 0) + 1, error);
    throw new YamlSyntaxError(error instanceof Error ? error.message : String(error), 1, error);
  }
}

function isEmptyDocument(text: string): boolean {
  return text.split("\n").every((line) => /^\s*(#.*)?$/.test(line) || /^---\s*(#.*)?$/.test(line));
}
