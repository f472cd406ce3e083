import { parseGoYaml } from "../yaml/parse-yaml.ts";
import { YamlSyntaxError } from "../yaml/yaml-syntax-error.ts";

/** Scalars that are put right in one document; each costs another parse. */
const MAX_REPAIRS = 32;

/**
 * Parses YAML in Go's dialect, whose parser does not mind how far the further lines of a quoted text are indented, where
 * the specification (and published CSVs) differ. Indentation there is folded away, so adding some changes nothing.
 * @throws YamlSyntaxError
 */
export function parseLooseYaml(text: string): unknown {
  let lines: string[] | undefined;
  for (let repair = 0; ; repair += 1) {
    try {
      return parseGoYaml(lines === undefined ? text : lines.join("\n"));
    } catch (error) {
      if (!(error instanceof YamlSyntaxError) || error.message !== "deficient indentation" || repair === MAX_REPAIRS) throw error;
      lines ??= text.split("\n");
      if (!indentScalar(lines, error.line - 1)) throw error;
    }
  }
}

/** Indents the lines of a quoted scalar from `start` to the one with its closing quote; false when that is not to be found. */
function indentScalar(lines: string[], start: number): boolean {
  const quote = /(?:[:-] |^)\s*(["'])/.exec(lines[start - 1] ?? "")?.[1];
  if (quote === undefined) return false;
  const closing = quote === '"' ? /(?:^|[^\\])(?:\\\\)*"/ : /'(?:[^']|$)/;
  const margin = " ".repeat(/^ */.exec(lines[start - 1] ?? "")?.[0].length ?? 0);
  for (let at = start; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    lines[at] = line.trim() === "" ? line : `${margin}    ${line}`;
    if (closing.test(line.replaceAll("''", ""))) return true;
  }
  return false;
}
