import { CatalogError } from "../errors.ts";
import type { CatalogDocument, CatalogProblem } from "../types.ts";
import { parseGoYaml } from "../yaml/parse-yaml.ts";
import { YamlSyntaxError } from "../yaml/yaml-syntax-error.ts";
import { type DocumentHead, type HeadResult, headOfBody, headOfSlice, parseObject } from "./document-head.ts";
import { FileLines } from "./file-lines.ts";
import { JsonScanner, type JsonSlice } from "./json-scanner.ts";
import type { MemberSpan } from "./json-walk.ts";
import { imagesOfBody, imagesOfSpan, imagesOfYaml } from "./related-images.ts";
import type { SourceFile, SourceHandle } from "./source-files.ts";
import type { Spool } from "./spool.ts";
import { Turns } from "./turns.ts";
import { splitYaml, yamlText } from "./yaml-documents.ts";
import { plainYamlHead } from "./yaml-head.ts";

/** A document of the index: where its JSON lies, so that bodies are parsed only when looked at. */
export interface IndexedDocument extends CatalogDocument {
  readonly image: string;
  readonly version: string;
  readonly defaultChannel: string;
  /** The file that {@link offset} counts in; undefined: the spool of converted documents. */
  readonly source: SourceFile | undefined;
  readonly offset: number;
  /** In bytes. */
  readonly length: number;
  /** The bytes are YAML; otherwise JSON. */
  readonly yaml?: boolean;
}

/** What a sink may look at while it is told of a document, and only then. */
export interface DocumentContent {
  /** Parses the document. */
  readonly body: () => Record<string, unknown>;
  /** Of bundles: what stands under `relatedImages[].image`, as written. Reads no more than that. */
  readonly relatedImages: () => readonly string[];
}

/** Told of each document while the files are read. */
export interface IndexSink {
  document(document: IndexedDocument, content: DocumentContent): void;
  problem(problem: CatalogProblem): void;
}

export interface IndexOptions {
  /** Takes the documents that had to be converted. */
  readonly spool: Spool;
  readonly signal?: AbortSignal | undefined;
}

/** How many bytes opm looks at to tell JSON from YAML. */
const PEEK = 4096;

/**
 * Reads the files one after another and tells the sink of each document. Whatever cannot be read ends its file with a
 * row; the other files go on.
 */
export async function indexFiles(files: readonly SourceFile[], sink: IndexSink, options: IndexOptions): Promise<void> {
  const scanner = new JsonScanner();
  const names = new Map<string, string>();
  const target: Target = { sink, options, names, turns: new Turns() };
  for (const file of files) {
    options.signal?.throwIfAborted();
    if (file.size === 0) continue;
    try {
      await indexFile(file, scanner, target);
    } catch (error) {
      options.signal?.throwIfAborted();
      sink.problem(fileProblem(file.path, error));
    }
  }
}

async function indexFile(file: SourceFile, scanner: JsonScanner, target: Target): Promise<void> {
  const handle = file.open();
  try {
    const lines = new FileLines(file);
    if (looksLikeJson(scanner.open(file, handle))) await indexJson(file, { scanner, handle, lines }, target);
    else await indexYaml(file, { handle, offset: 0, line: 1 }, target);
  } finally {
    handle.close();
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

interface Target {
  readonly sink: IndexSink;
  readonly options: IndexOptions;
  /** Schemas and packages as they were first read: thousands of documents share a few texts. */
  readonly names: Map<string, string>;
  readonly turns: Turns;
}

/** JSON is what begins with `{` within the first 4,096 bytes, blanks aside. */
function looksLikeJson(head: Buffer): boolean {
  return head.toString("latin1", 0, Math.min(head.length, PEEK)).trimStart().startsWith("{");
}

async function indexJson(
  file: SourceFile,
  { scanner, handle, lines }: { readonly scanner: JsonScanner; readonly handle: SourceHandle; readonly lines: FileLines },
  target: Target,
): Promise<void> {
  const { path } = file;
  /** Offset behind the last object. */
  let done = 0;
  for (let count = 0; ; count++) {
    target.options.signal?.throwIfAborted();
    const next = scanner.next();
    if (next.kind === "end") return;
    // What began as JSON may turn out to be YAML while no more than one object was read.
    if (next.kind !== "object") {
      if (count > 1) throw notJson(path, lines.at(next.offset), next.kind === "other" ? "expected an object" : "the object does not end");
      const offset = behindLine(handle, done, next.offset);
      return indexYaml(file, { handle, offset, line: lines.at(offset) }, target);
    }
    const { slice } = next;
    done = slice.offset + slice.end - slice.start;
    await target.turns.spent(slice.end - slice.start);
    const fault = count <= 1 ? jsonFault(slice) : undefined;
    if (fault !== undefined) {
      try {
        return await indexYaml(file, { handle, offset: slice.offset, line: lines.at(slice.offset) }, target);
      } catch (error) {
        throw bothFaults(error, fault);
      }
    }
    const result = headOfSlice(slice);
    if ("head" in result) addJson({ file, lines, slice }, result, target);
    else throw notJson(path, lines.at(slice.offset), `the document ${result.wrong}`);
  }
}

/** Blank lines that are looked at where a stream turns to YAML. */
const MAX_BLANKS = 1 << 16;

/** Where YAML begins among the blanks from an object on: behind the end of its line. Further empty lines are a document. */
function behindLine(handle: SourceHandle, from: number, to: number): number {
  if (to - from > MAX_BLANKS) return to;
  const blanks = Buffer.alloc(to - from);
  handle.read(blanks, from);
  const newline = blanks.indexOf(0x0a);
  return newline === -1 ? to : from + newline + 1;
}

/** Why text is no JSON. Heads are read without the rest, which may still be what only YAML takes: a comma too many. */
function jsonFault({ bytes, start, end }: JsonSlice): string | undefined {
  try {
    JSON.parse(bytes.toString("utf8", start, end));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What looks like JSON and is not even YAML was meant as JSON. */
function bothFaults(error: unknown, fault: string): unknown {
  if (!(error instanceof CatalogError)) return error;
  return new CatalogError({
    code: error.code,
    message: error.message.replace(NO_YAML, `the document is neither JSON (${fault}) nor YAML:`),
    ...(error.subject === undefined ? {} : { subject: error.subject }),
    cause: error,
  });
}

const NO_YAML = "the document is no YAML:";

function notJson(path: string, line: number, why: string): CatalogError {
  return new CatalogError({ code: "DOCUMENT_INVALID", message: `Cannot read ${path}:${line}: ${why}`, subject: `${path}:${line}` });
}

interface JsonPlace {
  readonly file: SourceFile;
  readonly lines: FileLines;
  readonly slice: JsonSlice;
}

/** A JSON document as it stands in its file. */
class JsonDocument implements IndexedDocument {
  readonly schema: string;
  readonly package: string;
  readonly name: string;
  readonly image: string;
  readonly version: string;
  readonly defaultChannel: string;
  readonly source: SourceFile;
  readonly offset: number;
  readonly length: number;
  readonly #lines: FileLines;

  constructor(head: DocumentHead, { file, lines, slice }: JsonPlace) {
    this.schema = head.schema;
    this.package = head.package;
    this.name = head.name;
    this.image = head.image;
    this.version = head.version;
    this.defaultChannel = head.defaultChannel;
    this.source = file;
    this.offset = slice.offset;
    this.length = slice.end - slice.start;
    this.#lines = lines;
  }

  get file(): string {
    return this.source.path;
  }

  get line(): number {
    return this.#lines.at(this.offset);
  }
}

function addJson(
  place: JsonPlace,
  result: { readonly head: DocumentHead; readonly body?: Record<string, unknown>; readonly relatedImages?: MemberSpan },
  target: Target,
): void {
  const { start, end, bytes } = place.slice;
  const { head } = result;
  const document = new JsonDocument(
    { ...head, schema: shared(target.names, head.schema), package: shared(target.names, head.package) },
    place,
  );
  target.sink.document(document, {
    body: () => result.body ?? parseObject(bytes.toString("utf8", start, end)),
    relatedImages: () => (result.body === undefined ? imagesOfSpan(bytes, result.relatedImages) : imagesOfBody(result.body)),
  });
}

function shared(names: Map<string, string>, text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  names.set(text, text);
  return text;
}

async function indexYaml(
  file: SourceFile,
  at: { readonly handle: SourceHandle; readonly offset: number; readonly line: number },
  target: Target,
): Promise<void> {
  const { path } = file;
  const { signal, spool } = target.options;
  for (const { bytes, offset, line } of splitYaml(file, at.handle, at)) {
    await target.turns.spent(bytes.length);
    signal?.throwIfAborted();
    const plain = plainYamlHead(bytes);
    if (plain !== undefined) {
      const document: IndexedDocument = { ...plain, file: path, line, source: file, offset, length: bytes.length, yaml: true };
      target.sink.document(document, {
        body: () => bodyOfYaml(yamlText(bytes, `${path}:${line}`), path, line).body,
        relatedImages: () => imagesOfYaml(bytes),
      });
      continue;
    }
    const { head, body } = bodyOfYaml(yamlText(bytes, `${path}:${line}`), path, line);
    const span = spool.append(JSON.stringify(body));
    target.sink.document(
      { ...head, file: path, line, source: undefined, ...span },
      { body: () => body, relatedImages: () => imagesOfBody(body) },
    );
  }
}

/** Parses a YAML document and reads its head. */
export function bodyOfYaml(text: string, path: string, line: number): { head: DocumentHead; body: Record<string, unknown> } {
  let value: unknown;
  try {
    value = parseGoYaml(text);
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    throw notJson(path, line + error.line - 1, `${NO_YAML} ${error.message}`);
  }
  if (typeof value !== "object" || Array.isArray(value)) throw notJson(path, line, "expected a map");
  const result: HeadResult = value === null ? { wrong: "has no schema" } : headOfBody(value as Record<string, unknown>);
  if (!("head" in result)) throw notJson(path, line, `the document ${result.wrong}`);
  return { head: result.head, body: value as Record<string, unknown> };
}
