import { createHash } from "node:crypto";

/** One exchange of a client with a registry that does everything right, as recorded. */
export interface Exchanged {
  readonly n: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: { readonly size: number; readonly digest?: string; readonly text?: string };
  readonly status: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody?: { readonly size: number; readonly text?: string };
}

const NAME = /\{(sha256:\d+)\}/g;
const RESOURCE = /^\/v2\/(.+)\/(manifests|blobs)\/([^/?]+)$/;

/** Something that was there before the client came. */
export interface Seed {
  readonly repository: string;
  readonly kind: "manifests" | "blobs";
  /** Tag, or placeholder of the digest. */
  readonly reference: string;
  /** Placeholder of the content. */
  readonly name: string;
  readonly mediaType: string;
}

/** Content and starting state for one recorded operation, so that it can be done again against another registry. */
export class Replay {
  readonly #texts = new Map<string, { text: string | undefined; size: number; manifestType: string }>();
  readonly #known = new Map<string, Buffer>();
  readonly seeds: Seed[] = [];

  constructor(exchanges: readonly Exchanged[]) {
    const written = new Set<string>();
    const sessions = new Map<string, number>();
    for (const exchange of exchanges) {
      this.#define(exchange, sessions);
      this.#note(exchange, written);
    }
    // Last, because most of what a list names is asked for later on, with its digest.
    for (const exchange of exchanges) this.#noteListed(exchange, written);
  }

  #define({ path, body, responseBody, responseHeaders, status, method }: Exchanged, sessions: Map<string, number>): void {
    const session = /\{upload:\d+\}/.exec(path)?.[0];
    if (body !== undefined && session !== undefined) sessions.set(session, (sessions.get(session) ?? 0) + body.size);
    const pushed = placeholder(body?.digest) ?? placeholder(/digest=([^&]+)/.exec(path)?.[1]);
    const size = session === undefined ? body?.size : sessions.get(session);
    if (pushed !== undefined && body !== undefined)
      this.#set(pushed, {
        text: body.text,
        size: size ?? 0,
        manifestType: path.includes("/manifests/") ? (responseHeaders["content-type"] ?? "manifest") : "",
      });
    const got = placeholder(responseHeaders["docker-content-digest"]) ?? placeholder(RESOURCE.exec(path)?.[3]);
    if (got === undefined || ![200, 206].includes(status) || !["GET", "HEAD"].includes(method)) return;
    const length = Number(/\/(\d+)$/.exec(responseHeaders["content-range"] ?? "")?.[1] ?? responseHeaders["content-length"] ?? 0);
    this.#set(got, {
      text: status === 200 ? responseBody?.text : undefined,
      size: length,
      manifestType: path.includes("/manifests/") ? (responseHeaders["content-type"] ?? "manifest") : "",
    });
  }

  #set(name: string, content: { text: string | undefined; size: number; manifestType: string }): void {
    const before = this.#texts.get(name);
    if (before === undefined || (before.text === undefined && content.text !== undefined)) this.#texts.set(name, content);
  }

  /** What is found without having been written must have been there. */
  #note({ method, path, status, responseHeaders, headers }: Exchanged, written: Set<string>): void {
    const found = RESOURCE.exec(path.split("?")[0] ?? "");
    const from = /[?&]from=([^&]+)/.exec(path)?.[1];
    const mounted = placeholder(/[?&]mount=([^&]+)/.exec(path)?.[1]);
    if (mounted !== undefined && from !== undefined && status === 201)
      this.#seed({ repository: decodeURIComponent(from), kind: "blobs", reference: `{${mounted}}`, name: mounted, mediaType: "" }, written);
    if (mounted !== undefined && from === undefined && status === 201)
      this.#seed({ repository: "{ns}/elsewhere", kind: "blobs", reference: `{${mounted}}`, name: mounted, mediaType: "" }, written);
    const location = RESOURCE.exec(responseHeaders["location"] ?? "");
    if (status === 201 && location !== null) written.add(`${location[1]}/${location[2]}/${location[3]}`);
    if (found === null) return;
    const [, repository = "", kind = "blobs", reference = ""] = found;
    if (method === "PUT" && status === 201) written.add(`${repository}/${kind}/${reference}`);
    if (!(["GET", "HEAD"].includes(method) && [200, 206].includes(status)) && !(method === "DELETE" && status === 202)) return;
    const name = placeholder(responseHeaders["docker-content-digest"]) ?? placeholder(reference) ?? `sha256:tag-${reference}`;
    const mediaType = responseHeaders["content-type"] ?? String(headers["content-type"] ?? "");
    this.#seed({ repository, kind: kind === "manifests" ? "manifests" : "blobs", reference, name, mediaType }, written);
  }

  #noteListed({ path, status, responseBody }: Exchanged, written: Set<string>): void {
    const repository = /^\/v2\/(.+)\/tags\/list$/.exec(path.split("?")[0] ?? "")?.[1];
    if (repository === undefined || status !== 200) return;
    for (const tag of listedTags(responseBody?.text)) {
      this.#seed({ repository, kind: "manifests", reference: tag, name: `sha256:tag-${tag}`, mediaType: "" }, written);
    }
  }

  #seed(seed: Seed, written: Set<string>): void {
    const key = `${seed.repository}/${seed.kind}/${seed.reference}`;
    if (written.has(key)) return;
    written.add(key);
    written.add(`${seed.repository}/${seed.kind}/{${seed.name}}`);
    this.seeds.push(seed);
  }

  /** Content behind `sha256:4`. */
  bytes(name: string): Buffer {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const { text, size, manifestType } = this.#texts.get(name) ?? {
      text: undefined,
      size: 10,
      manifestType: name.includes("tag-") ? "manifest" : "",
    };
    const made =
      text !== undefined
        ? Buffer.from(this.fill(text))
        : manifestType !== ""
          ? plainManifest(name, manifestType)
          : Buffer.alloc(size, createHash("sha256").update(name).digest());
    this.#known.set(name, made);
    return made;
  }

  /** Body of an exchange: the part of its session's content that it sends. */
  body(exchange: Exchanged, sent: Map<string, number>, exchanges: readonly Exchanged[]): Buffer | undefined {
    if (exchange.body === undefined) return undefined;
    const session = /\{upload:\d+\}/.exec(exchange.path)?.[0];
    const own = placeholder(exchange.body.digest);
    if (session === undefined) return own === undefined ? Buffer.from(this.fill(exchange.body.text ?? "")) : this.bytes(own);
    const closing = exchanges.find((other) => other.method === "PUT" && other.path.includes(session));
    const name = placeholder(/digest=([^&]+)/.exec(closing?.path ?? "")?.[1]) ?? own ?? "sha256:0";
    const whole = this.bytes(name);
    const from = sent.get(session) ?? 0;
    const isLast = !exchanges.some((other) => other.n > exchange.n && other.path.includes(session) && other.body !== undefined);
    const part = whole.subarray(from, isLast ? whole.length : from + exchange.body.size);
    sent.set(session, from + part.length);
    return part;
  }

  fill(text: string): string {
    const digestOf = (name: string): string => `sha256:${createHash("sha256").update(this.bytes(name)).digest("hex")}`;
    return text.replaceAll("{ns}", "replay").replace(NAME, (_whole, name: string) => digestOf(name));
  }
}

function listedTags(text: string | undefined): string[] {
  return [...(text ?? "").matchAll(/"([\w.-]+)"/g)]
    .map(([, tag = ""]) => tag)
    .filter((tag) => !["name", "tags"].includes(tag))
    .slice(0, 50);
}

function placeholder(text: string | undefined): string | undefined {
  return /^\{(sha256:\d+)\}$/.exec(text ?? "")?.[1];
}

function plainManifest(name: string, mediaType: string): Buffer {
  if (/index|list/.test(mediaType))
    return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests: [], annotations: { name } }));
  const digest = `sha256:${createHash("sha256").update("{}").digest("hex")}`;
  const config = { mediaType: "application/vnd.oci.empty.v1+json", digest, size: 2 };
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config,
      layers: [],
      annotations: { name },
    }),
  );
}
