import { isUtf8 } from "node:buffer";
import { CatalogError } from "../errors.ts";
import { MAX_DOCUMENT_BYTES } from "./json-scanner.ts";
import type { SourceHandle } from "./source-files.ts";

const CHUNK = 1 << 20;
const SEPARATOR = Buffer.from("\n---");

/** The text of one YAML document. */
export interface YamlDocument {
  readonly text: string;
  /** First line in its file, from 1. */
  readonly line: number;
}

/**
 * Splits a stream at lines that begin with `---`, as Kubernetes' reader does: such a line only ends a document when
 * there is something to end, so the first one of a file belongs to its document, and a second one right behind it makes
 * an empty document. Only a comment may follow the dashes.
 *
 * @throws CatalogError DOCUMENT_INVALID for other text behind the dashes or for bytes that are not UTF-8,
 *   LIMIT_EXCEEDED for a document that is too large.
 */
export async function* splitYaml(
  handle: SourceHandle,
  at: { readonly name: string; readonly offset: number; readonly line: number },
): AsyncGenerator<YamlDocument> {
  let window: Buffer = Buffer.alloc(0);
  let position = at.offset;
  let line = at.line;
  let ended = false;
  let searched = 0;

  async function more(): Promise<void> {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const read = await handle.read(chunk, position);
    position += read;
    ended = read < chunk.length;
    window = window.length === 0 ? chunk.subarray(0, read) : Buffer.concat([window, chunk.subarray(0, read)]);
    if (window.length > MAX_DOCUMENT_BYTES + CHUNK) {
      throw new CatalogError({
        code: "LIMIT_EXCEEDED",
        message: `Cannot read ${at.name}:${line}: the document is larger than ${MAX_DOCUMENT_BYTES} bytes`,
        subject: `${at.name}:${line}`,
      });
    }
  }

  for (;;) {
    const cut = window.indexOf(SEPARATOR, searched);
    if (cut === -1 || window.indexOf(0x0a, cut + 1) === -1) {
      if (!ended) {
        searched = cut === -1 ? Math.max(0, window.length - SEPARATOR.length) : cut;
        await more();
        continue;
      }
      if (cut === -1) break;
    }
    const newline = window.indexOf(0x0a, cut + 1);
    const next = newline === -1 ? window.length : newline + 1;
    const body = window.subarray(0, cut + 1);
    const lines = countLines(body);
    checkSeparator(window.subarray(cut + 4, next), `${at.name}:${line + lines}`);
    yield decode(body, at.name, line);
    line += lines + 1;
    window = window.subarray(next);
    searched = 0;
  }
  if (window.length > 0 && !isLoneSeparator(window)) yield decode(window, at.name, line);
}

/** A `---` without a line end, and nothing else, ends the stream without a document. */
function isLoneSeparator(bytes: Buffer): boolean {
  return bytes.length < 256 && bytes.indexOf(0x0a) === -1 && /^---\s*(#.*)?$/.test(bytes.toString("latin1"));
}

function checkSeparator(rest: Buffer, subject: string): void {
  const text = rest.toString("utf8", 0, Math.min(rest.length, 200)).trim();
  if (text === "" || text.startsWith("#")) return;
  throw new CatalogError({
    code: "DOCUMENT_INVALID",
    message: `Cannot read ${subject}: expected nothing or a comment behind "---", got ${JSON.stringify(text)}`,
    subject,
  });
}

function decode(bytes: Buffer, name: string, line: number): YamlDocument {
  if (!isUtf8(bytes)) {
    throw new CatalogError({
      code: "DOCUMENT_INVALID",
      message: `Cannot read ${name}:${line}: the document is not UTF-8 text`,
      subject: `${name}:${line}`,
      hint: "Exclude files that are no catalog with .indexignore.",
    });
  }
  // A separator that had nothing to end is part of the document behind it.
  if (bytes.subarray(0, 3).toString("latin1") === "---") {
    const newline = bytes.indexOf(0x0a);
    checkSeparator(bytes.subarray(3, newline === -1 ? bytes.length : newline), `${name}:${line}`);
  }
  const text = bytes.toString("utf8");
  const plain = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  return { text: plain.includes("\r\n") ? plain.replaceAll("\r\n", "\n") : plain, line };
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) lines += 1;
  return lines;
}
