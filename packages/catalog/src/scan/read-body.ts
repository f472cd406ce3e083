import { CatalogError } from "../errors.ts";
import { headOfBody, parseObject } from "./document-head.ts";
import { bodyOfYaml, type IndexedDocument } from "./document-index.ts";
import { MAX_DEPTH } from "./json-walk.ts";
import { yamlText } from "./yaml-documents.ts";

/**
 * Parses one document's body, and checks that it is still what the index says.
 *
 * @throws CatalogError DOCUMENT_INVALID when the text is no JSON or names another document.
 */
export function readBody(document: IndexedDocument, bytes: Buffer): Record<string, unknown> {
  if (bytes.length !== document.length) throw invalid(document, "the file is shorter than when it was first read", undefined);
  let body: Record<string, unknown>;
  try {
    body =
      document.yaml === true
        ? bodyOfYaml(yamlText(bytes, `${document.file}:${document.line}`), document.file, document.line).body
        : parseObject(bytes.toString("utf8"));
  } catch (cause) {
    if (cause instanceof CatalogError) throw cause;
    throw invalid(document, cause instanceof Error ? cause.message : String(cause), cause);
  }
  // The index cuts pretty text at its first column and never looked inside; YAML has its own limits.
  const fault = document.yaml === true ? undefined : faultBelow(body, MAX_DEPTH);
  if (fault !== undefined) throw invalid(document, fault, undefined);
  const result = headOfBody(body);
  if (!("head" in result)) throw invalid(document, `the document ${result.wrong}`, undefined);
  const { head } = result;
  const keys = ["schema", "package", "name", "image", "version"] as const;
  if (keys.some((key) => head[key] !== document[key])) {
    throw invalid(document, "it is not the document that was there when the catalog was opened", undefined);
  }
  return body;
}

/** What no decoder of Go takes: values nested too deep, numbers that are none to it. Goes no deeper than `levels` itself. */
function faultBelow(value: object, levels: number): string | undefined {
  if (levels === 0) return `the document is nested deeper than ${MAX_DEPTH} levels`;
  if (Array.isArray(value)) {
    for (const one of value as readonly unknown[]) {
      const fault = faultOf(one, levels);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  // No list of keys or values is made: this looks at every value of a catalog. The objects are JSON's, so all keys are their own.
  for (const key in value) {
    const fault = faultOf((value as Readonly<Record<string, unknown>>)[key], levels);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOf(value: unknown, levels: number): string | undefined {
  if (typeof value === "object") return value === null ? undefined : faultBelow(value, levels - 1);
  return typeof value === "number" && !Number.isFinite(value) ? "a number is too large" : undefined;
}

function invalid(document: IndexedDocument, why: string, cause: unknown): CatalogError {
  const subject = `${document.file}:${document.line}`;
  return new CatalogError({
    code: "DOCUMENT_INVALID",
    message: `Cannot read the document at ${subject}: ${why}`,
    subject,
    ...(cause === undefined ? {} : { cause }),
  });
}
