import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, Scalar, type YAMLMap } from "yaml";
import type { ConfigFault } from "./config-error.ts";

/** Keys and indexes from the root to a value. */
export type TreePath = readonly (string | number)[];

export interface TreePosition {
  readonly line: number;
  readonly column: number;
}

/** A YAML document as plain values, with the place of each in the text. Objects have no prototype. */
export interface YamlTree {
  readonly root: unknown;
  /** Faults of the text itself: duplicate keys, a second document, syntax. Where the syntax is broken `root` is undefined. */
  readonly faults: readonly ConfigFault[];
  /** Where a value begins, or where the nearest thing that holds it does. */
  valueAt(path: TreePath): TreePosition;
  /** Where the key of a value begins. */
  keyAt(path: TreePath): TreePosition;
  /** How an unquoted scalar was written, when it is not a string for YAML: `4.10`, `yes`. */
  plainText(path: TreePath): string | undefined;
}

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 64;
const MAX_NODES = 200_000;
const MAX_ALIASES = 1000;
const SYNTAX_FAULTS_SHOWN = 5;

/** `mirror.operators[0].catalog`; keys that are no plain words stand in brackets and quotes. */
export function formatTreePath(path: TreePath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(part)) text += text === "" ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/**
 * Reads one YAML (or JSON) document. Never throws for what the text says: every fault is in `faults`, and `root` is
 * what could be read. Text, depth and the number of values are bounded, aliases count as often as they are used.
 */
export function readYamlTree(text: string): YamlTree {
  const reading = new Reading();
  let root: unknown;
  try {
    root = reading.document(text);
  } catch (error) {
    // The parser recurses: thousands of nested brackets end in a RangeError, our own limits in a TooMuch.
    if (!(error instanceof TooMuch || error instanceof RangeError)) throw error;
    reading.fault([], 0, error instanceof TooMuch ? error.message : "the document is nested too deeply");
  }
  return {
    root,
    faults: reading.faults,
    valueAt: (path) => reading.nearest(reading.values, path),
    keyAt: (path) => reading.positionOf(reading.keys.get(keyOf(path))) ?? reading.nearest(reading.values, path),
    plainText: (path) => reading.plain.get(keyOf(path)),
  };
}

class TooMuch extends Error {}

class Reading {
  readonly values: Map<string, number> = new Map();
  readonly keys: Map<string, number> = new Map();
  readonly plain: Map<string, string> = new Map();
  readonly faults: ConfigFault[] = [];
  #aliases = 0;
  readonly #lines = new LineCounter();
  #nodes = 0;

  document(text: string): unknown {
    if (text.length > MAX_BYTES) throw new TooMuch(`the file has more than ${MAX_BYTES} characters`);
    const documents = parseAllDocuments(text.replace(/^\uFEFF/, " "), { lineCounter: this.#lines, uniqueKeys: false, prettyErrors: false });
    if (!Array.isArray(documents)) return undefined;
    const [first, second] = documents;
    if (first === undefined) return undefined;
    const errors = documents.flatMap((document) => document.errors);
    for (const error of errors.slice(0, SYNTAX_FAULTS_SHOWN)) {
      const tooDeep = error.message.includes("call stack");
      this.fault([], error.pos[0], tooDeep ? "the document is nested too deeply" : `this is not YAML: ${error.message}`);
    }
    if (errors.length > 0) return undefined;
    if (second?.contents) {
      this.fault([], second.contents.range?.[0] ?? second.range[0], "a second document follows, and would be ignored", {
        suggestion: "Put it into a file of its own.",
      });
    }
    return this.value(first.contents, [], { resolve: (node) => (isAlias(node) ? node.resolve(first) : undefined) });
  }

  value(node: Node | null | undefined, path: TreePath, document: Aliases): unknown {
    this.#nodes++;
    if (this.#nodes > MAX_NODES) throw new TooMuch(`the document has more than ${MAX_NODES} values`);
    if (path.length > MAX_DEPTH) throw new TooMuch(`the document is nested more than ${MAX_DEPTH} levels deep`);
    if (node === null || node === undefined) return null;
    if (!this.values.has(keyOf(path))) this.values.set(keyOf(path), node.range?.[0] ?? 0);
    if (isAlias(node)) this.#aliases++;
    if (this.#aliases > MAX_ALIASES) throw new TooMuch(`the document uses more than ${MAX_ALIASES} aliases`);
    if (isAlias(node)) return this.value(document.resolve(node), path, document);
    if (isScalar(node)) return this.scalar(node, path);
    if (isSeq(node)) return node.items.map((item, index) => this.value(item as Node, [...path, index], document));
    return isMap(node) ? this.map(node, path, document) : null;
  }

  scalar(node: Scalar, path: TreePath): unknown {
    if (node.type === Scalar.PLAIN && node.source !== undefined) this.plain.set(keyOf(path), node.source);
    return node.value;
  }

  map(node: YAMLMap, path: TreePath, document: Aliases): Record<string, unknown> {
    const result: Record<string, unknown> = Object.create(null);
    for (const pair of node.items) {
      const key = isAlias(pair.key) ? document.resolve(pair.key) : (pair.key as Node | null);
      const name = isScalar(key) ? (key.source ?? String(key.value)) : undefined;
      const offset = (pair.key as Node | null)?.range?.[0] ?? node.range?.[0] ?? 0;
      if (name === undefined || name === "__proto__") {
        this.fault(path, offset, "this cannot be a key");
        continue;
      }
      const inner = [...path, name];
      if (name in result) {
        this.fault(inner, offset, `the key ${JSON.stringify(name)} is given twice`, { suggestion: "Keep one of the two." });
        continue;
      }
      this.keys.set(keyOf(inner), offset);
      result[name] = this.value(pair.value as Node | null, inner, document);
    }
    return result;
  }

  fault(path: TreePath, offset: number, message: string, more: { readonly suggestion?: string } = {}): void {
    this.faults.push({ path: formatTreePath(path), ...this.#position(offset), message, ...more });
  }

  positionOf(offset: number | undefined): TreePosition | undefined {
    return offset === undefined ? undefined : this.#position(offset);
  }

  nearest(offsets: ReadonlyMap<string, number>, path: TreePath): TreePosition {
    for (let length = path.length; length >= 0; length--) {
      const found = this.positionOf(offsets.get(keyOf(path.slice(0, length))));
      if (found !== undefined) return found;
    }
    return { line: 1, column: 1 };
  }

  #position(offset: number): TreePosition {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

interface Aliases {
  resolve(node: Node): Node | undefined;
}

function keyOf(path: TreePath): string {
  return JSON.stringify(path);
}
