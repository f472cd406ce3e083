import { asObject, type JsonObject } from "../document/shape.ts";
import { parseGoYaml } from "../yaml/parse-yaml.ts";

/**
 * The first document of a manifest or metadata file, as an object; later documents are ignored, as opm does. Undefined when
 * it is empty, no object, or cannot be parsed.
 */
export function firstDocument(text: string): JsonObject | undefined {
  try {
    return asObject(text.trimStart().startsWith("{") ? JSON.parse(text) : parseGoYaml(firstText(text)));
  } catch {
    return undefined;
  }
}

/** Text up to the first line of dashes behind something that is not only comments. */
function firstText(text: string): string {
  const documents = text.replace(/^\ufeff/, "").split(/^---.*$/m);
  return documents.find((document) => document.split("\n").some((line) => !/^\s*(#.*)?$/.test(line))) ?? "";
}
