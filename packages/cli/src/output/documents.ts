import { dump } from "js-yaml";
import { escapeJson, escapeText } from "./escape.ts";

/** A result of section 6 of the contract, without its `apiVersion`. */
export interface Result {
  readonly kind: string;
  readonly [key: string]: unknown;
}

/** One JSON document, indented, with a line feed at its end. Keys whose value is undefined are missing. */
export function formatJson(result: Result): string {
  return `${escapeJson(JSON.stringify(withVersion(result), undefined, 2))}\n`;
}

/** The same document on one line. */
export function formatJsonLine(result: Result): string {
  return `${escapeJson(JSON.stringify(withVersion(result)))}\n`;
}

/** The same document as YAML. */
export function formatYaml(result: Result): string {
  const plain: unknown = JSON.parse(JSON.stringify(withVersion(result)));
  const text = dump(plain, { lineWidth: -1, noRefs: true });
  if (escapeText(text) === text) return text;
  // A hostile character that YAML counts as printable is escaped only inside double quotes.
  return escapeText(dump(plain, { lineWidth: -1, noRefs: true, quoteStyle: "double", forceQuotes: true }));
}

function withVersion(result: Result): Record<string, unknown> {
  const { kind, ...rest } = result;
  return { apiVersion: "skerry.dev/v1", kind, ...rest };
}
