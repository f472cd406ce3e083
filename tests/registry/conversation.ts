import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** One exchange of the recorded conversation with a registry that passes every check. */
export interface Recorded {
  readonly n: number;
  readonly check: string;
  readonly method: string;
  readonly path: string;
  readonly request: {
    readonly headers: Readonly<Record<string, string>>;
    readonly size?: number;
    readonly bodyDigest?: string;
    readonly text?: string;
  };
  readonly accept: readonly (number | string)[];
  readonly mustHave: readonly string[];
  readonly seen: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | readonly string[]>>;
    readonly text?: string;
  };
}

/** One check of the conformance suite, as a fact. */
export interface Check {
  readonly id: string;
  readonly name: string;
  readonly mustAnswer: string;
  readonly versions: readonly string[];
}

/** Reads a file of JSON lines. */
export function readLines<T>(path: string): T[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}

const NAME = /\{(sha256|sha512):([a-z]+\d+)\}/g;

/**
 * Gives every placeholder of a conversation its content, and every recorded request its body. Content with a text is that
 * text with its own placeholders filled in; other content is made up, the same on every run. What is never pushed has a
 * digest that belongs to nothing.
 */
export class Contents {
  readonly #definitions = new Map<string, () => Buffer>();
  readonly #known = new Map<string, Buffer>();
  readonly #bodies = new Map<number, () => Buffer>();

  constructor(conversation: readonly Recorded[]) {
    const sessions = new Map<string, Recorded[]>();
    for (const recorded of conversation) this.#read(recorded, sessions);
  }

  #read(recorded: Recorded, sessions: Map<string, Recorded[]>): void {
    const { request, path, accept, n } = recorded;
    const session = /\{upload:\d+\}/.exec(path)?.[0];
    const named = /[?&]digest=\{(.+?)\}/.exec(path)?.[1] ?? /\/manifests\/\{(.+?)\}/.exec(path)?.[1];
    const own = /^\{(sha(?:256|512):[a-z]+\d+)\}$/.exec(request.bodyDigest ?? "")?.[1];
    if (request.size !== undefined) {
      if (own !== undefined && !this.#definitions.has(own)) this.#definitions.set(own, () => this.#make(recorded));
      this.#bodies.set(n, own === undefined ? () => this.#make(recorded) : () => this.bytes(own));
      if (session !== undefined && accept[0] !== 416) sessions.set(session, [...(sessions.get(session) ?? []), recorded]);
    }
    if (named === undefined || accept[0] !== 201 || !["PUT", "POST"].includes(recorded.method)) return;
    const parts = session === undefined ? [recorded] : [...(sessions.get(session) ?? [])];
    if (!this.#definitions.has(named))
      this.#definitions.set(named, () =>
        Buffer.concat(parts.filter((part) => part.request.size !== undefined).map((part) => this.body(part))),
      );
  }

  #make(recorded: Recorded): Buffer {
    const { size = 0, text } = recorded.request;
    if (text !== undefined) return Buffer.from(this.fill(text));
    if (recorded.path.includes("/manifests/")) return largeManifest(size);
    const block = createHash("sha256").update(`content of exchange ${recorded.n}`).digest();
    return Buffer.alloc(size, block);
  }

  /** Body that an exchange sends. */
  body(recorded: Recorded): Buffer {
    const own = /^\{(.+)\}$/.exec(recorded.request.bodyDigest ?? "")?.[1];
    if (own !== undefined && this.#definitions.has(own)) return this.bytes(own);
    const key = `exchange ${recorded.n}`;
    const known = this.#known.get(key) ?? this.#bodies.get(recorded.n)?.() ?? Buffer.alloc(0);
    this.#known.set(key, known);
    return known;
  }

  /** Content behind a placeholder such as `sha256:blob4`. */
  bytes(name: string): Buffer {
    const known = this.#known.get(name) ?? this.#definitions.get(name)?.() ?? Buffer.from(`never pushed: ${name}`);
    this.#known.set(name, known);
    return known;
  }

  digest(name: string): string {
    const algorithm = name.slice(0, name.indexOf(":"));
    return `${algorithm}:${createHash(algorithm).update(this.bytes(name)).digest("hex")}`;
  }

  /** Fills the placeholders of a text in. */
  fill(text: string): string {
    return text
      .replaceAll("{repo1}", "conformance/one")
      .replaceAll("{repo2}", "conformance/two")
      .replace(NAME, (_whole, algorithm: string, name: string) => this.digest(`${algorithm}:${name}`));
  }

  /** Content that a path with a digest placeholder asks for, or undefined. */
  asked(path: string): Buffer | undefined {
    const name = /\/(?:blobs|manifests)\/\{(sha(?:256|512):[a-z]+\d+)\}$/.exec(path)?.[1];
    return name === undefined ? undefined : this.bytes(name);
  }
}

/** The one manifest whose text is not recorded: about 4 MB by its annotations. */
function largeManifest(size: number): Buffer {
  const empty = createHash("sha256").update("{}").digest("hex");
  const head = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:${empty}","size":2},"layers":[],"annotations":{"filler":"`;
  return Buffer.from(`${head}${"x".repeat(size - head.length - 3)}"}}`);
}
