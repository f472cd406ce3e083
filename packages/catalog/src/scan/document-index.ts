import { CatalogError } from "../errors.ts";
import type { CatalogDocument, CatalogProblem } from "../types.ts";
import { parseGoYaml, YamlSyntaxError } from "../yaml/parse-yaml.ts";
import { type DocumentHead, type HeadResult, headOfBody, headOfShape, parseObject } from "./document-head.ts";
import { JsonScanner, type JsonShape } from "./json-scanner.ts";
import type { SourceFile, SourceHandle, Spool } from "./source-files.ts";
import { splitYaml } from "./yaml-documents.ts";

/** A document of the index: where its JSON lies, so that bodies are parsed only when looked at. */
export interface IndexedDocument extends CatalogDocument {
  readonly image: string;
  readonly version: string;
  readonly defaultChannel: string;
  /** The file that {@link offset} counts in; undefined: the spool of converted documents. */
  readonly source: SourceFile | undefined;
  readonly offset: number;
  /** In bytes of JSON. */
  readonly length: number;
}

/** Told of each document while the files are read; `body` parses it, once, and only in this call. */
export interface IndexSink {
  document(document: IndexedDocument, body: () => Record<string, unknown>): void;
  problem(problem: CatalogProblem): void;
}

export interface IndexOptions {
  /** Made when the first YAML document is met. */
  readonly spool: () => Promise<Spool>;
  readonly signal?: AbortSignal | undefined;
}

/** How many bytes opm looks at to tell JSON from YAML. */
const PEEK = 4096;

/**
 * Reads the files one after another and tells the sink of each document. Whatever cannot be read ends its file with a
 * row; the other files go on.
 */
export async function indexFiles(files: readonly SourceFile[], sink: IndexSink, options: IndexOptions): Promise<void> {
  for (const file of files) {
    options.signal?.throwIfAborted();
    try {
      await indexFile(file, sink, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      sink.problem(fileProblem(file.path, error));
    }
  }
}

function fileProblem(path: string, error: unknown): CatalogProblem {
  const known = error instanceof CatalogError;
  return {
    code: "CATALOG_UNREADABLE",
    severity: "error",
    subject: (known ? error.subject : undefined) ?? path,
    action: "dropped",
    message: known ? error.message : `Cannot read "${path}": ${error instanceof Error ? error.message : String(error)}`,
    ...(known && error.hint !== undefined ? { hint: error.hint } : {}),
  };
}

async function indexFile(file: SourceFile, sink: IndexSink, options: IndexOptions): Promise<void> {
  if (file.size === 0) return;
  const handle = await file.open();
  try {
    if (await looksLikeJson(handle)) await indexJson(file, handle, sink, options);
    else await indexYaml(file, handle, { offset: 0, line: 1 }, sink, options);
  } finally {
    await handle.close();
  }
}

/** JSON is what begins with `{` within the first 4,096 bytes, blanks aside. */
async function looksLikeJson(handle: SourceHandle): Promise<boolean> {
  const head = Buffer.alloc(PEEK);
  const read = await handle.read(head, 0);
  return head.toString("latin1", 0, read).trimStart().startsWith("{");
}

async function indexJson(file: SourceFile, handle: SourceHandle, sink: IndexSink, options: IndexOptions): Promise<void> {
  const scanner = new JsonScanner(handle, file.path);
  for (let count = 0; ; count++) {
    options.signal?.throwIfAborted();
    const next = await scanner.next();
    if (next.kind === "end") return;
    // What began as JSON may turn out to be YAML while no more than one object was read.
    if (next.kind !== "object") {
      if (count > 1) throw notJson(file.path, next.line, next.kind === "other" ? "expected an object" : "the object does not end");
      return indexYaml(file, handle, next, sink, options);
    }
    const { shape } = next;
    const result = headOfShape(shape);
    if ("head" in result) addJson(file, shape, result, sink);
    else if (result.syntax === true && count <= 1) return indexYaml(file, handle, shape, sink, options);
    else throw notJson(file.path, shape.line, `the document ${result.wrong}`);
  }
}

function notJson(path: string, line: number, why: string): CatalogError {
  return new CatalogError({ code: "DOCUMENT_INVALID", message: `Cannot read ${path}:${line}: ${why}`, subject: `${path}:${line}` });
}

function addJson(
  file: SourceFile,
  shape: JsonShape,
  result: { head: DocumentHead; body?: Record<string, unknown> },
  sink: IndexSink,
): void {
  const { offset, line, start, end, bytes } = shape;
  const document: IndexedDocument = { ...result.head, file: file.path, line, source: file, offset, length: end - start };
  sink.document(document, () => result.body ?? parseObject(bytes.toString("utf8", start, end)));
}

async function indexYaml(
  file: SourceFile,
  handle: SourceHandle,
  at: { readonly offset: number; readonly line: number },
  sink: IndexSink,
  options: IndexOptions,
): Promise<void> {
  for await (const { text, line } of splitYaml(handle, { name: file.path, offset: at.offset, line: at.line })) {
    options.signal?.throwIfAborted();
    const result = headOfYaml(text, file.path, line);
    const { head, body } = result;
    const spool = await options.spool();
    const span = await spool.append(JSON.stringify(body));
    sink.document({ ...head, file: file.path, line, source: undefined, ...span }, () => body);
  }
}

function headOfYaml(text: string, path: string, line: number): { head: DocumentHead; body: Record<string, unknown> } {
  let value: unknown;
  try {
    value = parseGoYaml(text);
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    throw notJson(path, line + error.line - 1, `the document is no YAML: ${error.message}`);
  }
  if (typeof value !== "object" || Array.isArray(value)) throw notJson(path, line, "expected a map");
  const result: HeadResult = value === null ? { wrong: "has no schema" } : headOfBody(value as Record<string, unknown>);
  if (!("head" in result)) throw notJson(path, line, `the document ${result.wrong}`);
  return { head: result.head, body: value as Record<string, unknown> };
}
