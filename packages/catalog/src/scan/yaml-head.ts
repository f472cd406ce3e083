import { isUtf8 } from "node:buffer";
import { parseGoYaml } from "../yaml/parse-yaml.ts";
import { YamlSyntaxError } from "../yaml/yaml-syntax-error.ts";
import { type DocumentHead, versionOfProperties } from "./document-head.ts";

const NEWLINE = 0x0a;
const SPACE = 0x20;
const DASH = 0x2d;
const HASH = 0x23;
const HEAD_KEYS = new Set(["schema", "package", "name", "image", "defaultChannel"]);
/** A key at the top whose value ends on its line: no anchor, alias, tag, block or flow text. */
const SIMPLE_LINE = /^[A-Za-z][A-Za-z0-9]*:[ \t]+(?:[A-Za-z0-9][^#]*|'[^']*'|"[^"\\]*")[ \t]*$/;
const KEY = /^([A-Za-z][A-Za-z0-9]*):(?=\s|$)/;

/**
 * Reads the head of a YAML bundle without parsing the rest, for documents in plain block style: the members at the top
 * begin in the first column, those of the head stand on one line each, and the `olm.package` property is cut out of the
 * list. Undefined when the document has any other shape: then it has to be parsed. Bodies are compared with the head
 * when they are read, so text that deceives this reader is refused there.
 */
export function plainYamlHead(bytes: Buffer): DocumentHead | undefined {
  if (bytes.indexOf(0x0d) !== -1 || !isUtf8(bytes)) return undefined;
  const keys = new Map<string, number>();
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, at);
    const end = newline === -1 ? bytes.length : newline;
    const first = bytes[at] ?? NEWLINE;
    if (first !== SPACE && first !== DASH && first !== HASH && first !== NEWLINE) {
      const line = bytes.toString("latin1", at, Math.min(end, at + 400));
      const key = KEY.exec(line)?.[1];
      if (key === undefined || keys.has(key.toLowerCase())) return undefined;
      keys.set(key.toLowerCase(), at);
      if (HEAD_KEYS.has(key)) {
        const next = bytes[end + 1] ?? NEWLINE;
        // A value may go on in deeper lines.
        if (end - at > 400 || !SIMPLE_LINE.test(line) || next === SPACE || next === 0x09) return undefined;
        lines.push(bytes.toString("utf8", at, end));
      }
    } else if (first === DASH && keys.size === 0 && bytes.toString("latin1", at, at + 3) !== "---") return undefined;
    at = end + 1;
  }
  const properties = keys.get("properties");
  return properties === undefined ? undefined : headOfLines(lines, packageProperty(bytes, properties));
}

function headOfLines(lines: readonly string[], property: string | undefined): DocumentHead | undefined {
  if (property === undefined) return undefined;
  try {
    const head = parseGoYaml(lines.join("\n")) as Record<string, unknown>;
    const { schema, name, package: owner, image } = head;
    if (schema !== "olm.bundle" || typeof name !== "string" || typeof owner !== "string" || typeof image !== "string") return undefined;
    const version = versionOfProperties(parseGoYaml(property));
    return version === "" ? undefined : { schema, package: owner, name, image, version, defaultChannel: "" };
  } catch (error) {
    if (error instanceof YamlSyntaxError) return undefined;
    throw error;
  }
}

/**
 * The text of the item of `properties` that holds `type: olm.package`. Only a dash in the column of the first item begins
 * an item: deeper ones may be text of a block scalar.
 */
function packageProperty(bytes: Buffer, properties: number): string | undefined {
  const hit = bytes.indexOf("type: olm.package\n", properties, "latin1");
  const firstLine = bytes.indexOf(NEWLINE, properties) + 1;
  if (hit === -1 || firstLine === 0) return undefined;
  const indent = firstText(bytes, firstLine) - firstLine;
  const isItem = (line: number): boolean => bytes[line + indent] === DASH && firstText(bytes, line) === line + indent;
  if (!isItem(firstLine)) return undefined;
  let start = bytes.lastIndexOf(NEWLINE, hit) + 1;
  while (!isItem(start)) {
    if (start <= firstLine) return undefined;
    start = bytes.lastIndexOf(NEWLINE, start - 2) + 1;
  }
  let end = bytes.indexOf(NEWLINE, hit) + 1;
  while (end > 0 && end < bytes.length) {
    const text = firstText(bytes, end);
    if (text - end <= indent && bytes[text] !== NEWLINE) break;
    end = bytes.indexOf(NEWLINE, end) + 1;
  }
  return bytes.toString("utf8", start, end <= 0 ? bytes.length : end);
}

function firstText(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === SPACE) at += 1;
  return at;
}
