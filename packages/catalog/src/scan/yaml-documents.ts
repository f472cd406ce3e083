import { isUtf8 } from "node:buffer";
import { CatalogError } from "../errors.ts";
import { MAX_DOCUMENT_BYTES } from "./json-scanner.ts";
import { countLines } from "./json-walk.ts";
import { CHUNK, type SourceFile, type SourceHandle } from "./source-files.ts";

const SEPARATOR = Buffer.from("\n---");

/** One YAML document in its file. */
export interface YamlSlice {
  /** Valid only until the next document is asked for. */
  readonly bytes: Buffer;
  readonly offset: number;
  /** First line in its file, from 1. */
  readonly line: number;
}

/**
 * Splits a stream at lines that begin with `---`, as Kubernetes' reader does: such a line only ends a document when
 * there is something to end, so the first one of a file belongs to its document, and a second one right behind it makes
 * an empty document. Only a comment may follow the dashes.
 *
 * @throws CatalogError DOCUMENT_INVALID for other text behind the dashes, LIMIT_EXCEEDED for a document that is too large.
 */
export function* splitYaml(
  file: SourceFile,
  handle: SourceHandle,
  at: { readonly offset: number; readonly line: number },
): Generator<YamlSlice> {
  const { path, size } = file;
  let window: Buffer = Buffer.alloc(0);
  /** File offset of the first byte of the window. */
  let offset = at.offset;
  let line = at.line;
  let searched = 0;

  function more(): boolean {
    const position = offset + window.length;
    if (position >= size) return false;
    const chunk = Buffer.allocUnsafeSlow(Math.min(Math.max(CHUNK, window.length), size - position));
    const read = handle.read(chunk, position);
    window = window.length === 0 ? chunk.subarray(0, read) : Buffer.concat([window, chunk.subarray(0, read)]);
    if (window.length > MAX_DOCUMENT_BYTES * 2) {
      throw new CatalogError({
        code: "LIMIT_EXCEEDED",
        message: `Cannot read ${path}:${line}: the document is larger than ${MAX_DOCUMENT_BYTES} bytes`,
        subject: `${path}:${line}`,
        hint: "Have the publisher split the document, or exclude the file with .indexignore.",
      });
    }
    return read > 0;
  }

  for (;;) {
    const cut = window.indexOf(SEPARATOR, searched);
    const newline = cut === -1 ? -1 : window.indexOf(0x0a, cut + 1);
    if (cut === -1 || newline === -1) {
      searched = cut === -1 ? Math.max(0, window.length - SEPARATOR.length) : cut;
      if (more()) continue;
      if (cut === -1) break;
    }
    const next = newline === -1 ? window.length : newline + 1;
    const bytes = window.subarray(0, cut + 1);
    const lines = countLines(bytes, 0, bytes.length);
    checkSeparator(window.subarray(cut + 4, next), `${path}:${line + lines}`);
    checkStart(bytes, `${path}:${line}`);
    yield { bytes, offset, line };
    offset += next;
    line += lines + 1;
    window = window.subarray(next);
    searched = 0;
  }
  if (window.length === 0 || isLoneSeparator(window)) return;
  checkStart(window, `${path}:${line}`);
  yield { bytes: window, offset, line };
}

/** A `---` without a line end, and nothing else, ends the stream without a document. */
function isLoneSeparator(bytes: Buffer): boolean {
  return bytes.length < 256 && bytes.indexOf(0x0a) === -1 && /^---\s*(#.*)?$/.test(bytes.toString("latin1"));
}

/** A separator that had nothing to end is part of the document behind it. */
function checkStart(bytes: Buffer, subject: string): void {
  if (bytes.toString("latin1", 0, 3) !== "---") return;
  const newline = bytes.indexOf(0x0a);
  checkSeparator(bytes.subarray(3, newline === -1 ? bytes.length : newline), subject);
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

/**
 * The text of a document: without byte order mark, with plain line feeds, the last line's too.
 *
 * @throws CatalogError DOCUMENT_INVALID for bytes that are not UTF-8.
 */
export function yamlText(bytes: Buffer, subject: string): string {
  if (!isUtf8(bytes)) {
    throw new CatalogError({
      code: "DOCUMENT_INVALID",
      message: `Cannot read ${subject}: the document is not UTF-8 text`,
      subject,
      hint: "Exclude files that are no catalog with .indexignore.",
    });
  }
  const text = bytes.toString("utf8");
  const plain = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const lines = plain.includes("\r\n") ? plain.replaceAll("\r\n", "\n") : plain;
  return lines.endsWith("\n") ? lines : `${lines}\n`;
}
