import type { ResultOutput } from "../world/types.ts";
import { formatJson, formatYaml, type Result } from "./documents.ts";
import { escapeLine, escapeText } from "./escape.ts";

/** How a result can be shown besides as a document. */
export interface ResultViews {
  /** What a person reads; may be empty. */
  readonly text: () => string;
  /** What `-o name` prints, one a line. */
  readonly names: () => readonly string[];
}

/** Writes results to stdout, in the format that `-o` chose. Everything a terminal could obey is escaped here. */
export interface Printer {
  readonly format: "text" | "json" | "yaml" | "name";
  result(result: Result, views: ResultViews): Promise<void>;
  /** Text outside of any document, escaped: help, generated scripts, lists. */
  text(text: string): Promise<void>;
  /** Exact bytes; a terminal gets them escaped. */
  bytes(bytes: Uint8Array): Promise<void>;
}

/** The printer of one run. */
export function createPrinter(stdout: ResultOutput, format: Printer["format"]): Printer {
  const text = async (value: string): Promise<void> => {
    if (value !== "") await stdout.write(escapeText(value));
  };
  return {
    format,
    text,
    result: async (result, views) => {
      switch (format) {
        case "json":
          return stdout.write(formatJson(result));
        case "yaml":
          return stdout.write(formatYaml(result));
        case "name":
          return text(
            views
              .names()
              .map((name) => `${escapeLine(name)}\n`)
              .join(""),
          );
        case "text":
          return text(views.text());
      }
    },
    bytes: (bytes) => stdout.write(stdout.isTTY ? escapeText(new TextDecoder().decode(bytes)) : bytes),
  };
}
