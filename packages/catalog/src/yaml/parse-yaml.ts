import { load, YAMLException } from "js-yaml";
import { GO_YAML_SCHEMA } from "./go-schema.ts";
import { parsePlainYaml } from "./plain-yaml.ts";
import { YamlSyntaxError } from "./yaml-syntax-error.ts";

/** Most aliases in one document: enough for any hand-written catalog, too few for an explosion. */
export const MAX_ALIASES = 1000;
/** Most keys that merges may copy in one document. */
export const MAX_MERGE_KEYS = 10_000;
export const MAX_YAML_DEPTH = 100;
/** Most values of a document once its aliases are written out. */
export const MAX_EXPANDED = 1_000_000;

/**
 * Parses one YAML document in Go's dialect. An empty document is null; of two equal keys the last counts unless
 * `uniqueKeys` refuses them.
 *
 * @throws YamlSyntaxError also for too many aliases or levels.
 */
export function parseGoYaml(text: string, options: { readonly uniqueKeys?: boolean } = {}): unknown {
  try {
    const unique = options.uniqueKeys === true;
    const lines = withPlainBreaks(text);
    const plain = unique ? undefined : parsePlainYaml(lines, (scalar) => loadGo(scalar, unique));
    if (plain !== undefined) return plain.value;
    const value = loadGo(lines, unique);
    if (/[*]/.test(text) && text.includes("&")) checkExpansion(value);
    return value;
  } catch (error) {
    if (error instanceof YamlSyntaxError) throw error;
    if (isEmptyDocument(text)) return null;
    if (error instanceof YAMLException) throw new YamlSyntaxError(error.reason, (error.mark?.line ?? 0) + 1, error);
    throw new YamlSyntaxError(error instanceof Error ? error.message : String(error), 1, error);
  }
}

/**
 * YAML 1.1 ends lines at U+0085, U+2028 and U+2029 too. The first is a line feed; the others stay what they are in the
 * text they stand in, so all that has to be known of them is whether the document would still be one with its lines so.
 *
 * @throws YAMLException when it would not.
 */
function withPlainBreaks(text: string): string {
  const lines = text.includes("\u0085") ? text.replaceAll("\u0085", "\n") : text;
  if (lines.includes("\u2028") || lines.includes("\u2029")) loadGo(lines.replaceAll(/[\u2028\u2029]/g, "\n"), false);
  return lines;
}

/** Lines that are put right in one document; each costs another parse. */
const MAX_REPAIRS = 300;
/** Of large documents only as many characters are parsed again. */
const MAX_PARSED_AGAIN = 20_000_000;
/** Deeper than any line of a document may be. */
const DEEP: string = " ".repeat(2 * MAX_YAML_DEPTH);

/**
 * The whole language. Go lets the last of two equal keys win. Inside brackets and quotes its parser minds neither how
 * far a line is indented nor tabs, where the specification (and the parser here) do: blanks are folded away there, so
 * such a line is indented, and parsed again.
 */
function loadGo(text: string, uniqueKeys: boolean): unknown {
  let lines: string[] | undefined;
  let current = text;
  for (let repair = 0; ; repair += 1) {
    try {
      return loadStrictly(current, uniqueKeys);
    } catch (error) {
      const at = error instanceof YAMLException && error.reason === "deficient indentation" ? error.mark?.line : undefined;
      if (at === undefined || repair === MAX_REPAIRS || repair * text.length > MAX_PARSED_AGAIN) throw error;
      lines ??= text.split("\n");
      const line = lines[at] ?? "";
      const plain = line.includes("\t") ? withoutTabs(line) : line;
      if (plain === line && line.startsWith(DEEP)) throw error;
      lines[at] = plain === line ? DEEP + line : plain;
      current = lines.join("\n");
    }
  }
}

function loadStrictly(text: string, uniqueKeys: boolean): unknown {
  return load(text, {
    schema: GO_YAML_SCHEMA,
    json: !uniqueKeys,
    maxDepth: MAX_YAML_DEPTH,
    maxAliases: MAX_ALIASES,
    maxTotalMergeKeys: MAX_MERGE_KEYS,
  });
}

/** Tabs between words as blanks; those in double quotes stay. */
function withoutTabs(line: string): string {
  return line.replaceAll(/"(?:[^"\\]|\\[\s\S])*"|'[^']*'|\t/g, (found) => (found === "\t" ? " " : found));
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
