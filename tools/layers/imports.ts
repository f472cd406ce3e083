import { parseSync } from "rolldown/utils";

/** One module that a file names, at run time or only for its types. */
export interface ImportSite {
  readonly specifier: string;
  /** From 1. */
  readonly line: number;
  /** `type` is gone at run time; `dynamic` happens when it is called. */
  readonly how: "static" | "type" | "dynamic";
}

/** Syntax that names another module in `source`, or in `argument` of `import()` types. */
const NAMING_NODES: ReadonlySet<string> = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
  "TSExternalModuleReference",
]);

/**
 * Every module that a TypeScript or JavaScript file names: static, dynamic, re-exported, and in types.
 * A dynamic import of something computed is not seen.
 * @throws Error when the text does not parse
 */
export function readImports(file: string, text: string): ImportSite[] {
  const parsed = parseSync(file, text);
  const [first] = parsed.errors;
  if (first !== undefined) throw new Error(`${file} does not parse: ${first.message}`);
  const sites: ImportSite[] = [];
  const lines = lineStarts(text);
  visit(parsed.program, (specifier, offset, how) => {
    sites.push({ specifier, line: lineAt(lines, offset), how });
  });
  return sites.sort((a, b) => a.line - b.line);
}

type Found = (specifier: string, offset: number, how: ImportSite["how"]) => void;

function visit(node: unknown, found: Found): void {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, found);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  const fields = node as Record<string, unknown>;
  if (typeof fields["type"] === "string" && NAMING_NODES.has(fields["type"])) {
    const named = literal(fields["source"]) ?? literal(fields["expression"]) ?? literal(fields["argument"]);
    if (named !== undefined) found(named.value, named.start, howOf(fields));
  }
  for (const value of Object.values(fields)) visit(value, found);
}

function howOf({ type, importKind, exportKind }: Readonly<Record<string, unknown>>): ImportSite["how"] {
  if (type === "ImportExpression") return "dynamic";
  return type === "TSImportType" || importKind === "type" || exportKind === "type" ? "type" : "static";
}

function literal(node: unknown): { value: string; start: number } | undefined {
  if (typeof node !== "object" || node === null) return undefined;
  const { type, value, start, literal: inner } = node as Record<string, unknown>;
  if (type === "TSLiteralType") return literal(inner);
  return type === "Literal" && typeof value === "string" && typeof start === "number" ? { value, start } : undefined;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}
