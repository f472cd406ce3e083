import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";

/** What a faulty wire does to one exchange. */
const FAULTS = ["refuse", "reset", "cut-response", "cut-request", "stall", "corrupt-response", "corrupt-request"] as const;
export type Fault = (typeof FAULTS)[number];

export interface FaultyProxy extends AsyncDisposable {
  readonly host: string;
  /** Requests that arrived. */
  readonly requests: number;
  /** Faults that were played, by kind. */
  readonly played: ReadonlyMap<Fault, number>;
}

export interface FaultyProxyOptions {
  readonly seed: number;
  /** Share of exchanges that go wrong, 0 to 1. */
  readonly share: number;
}

/** A reverse proxy in front of a registry on loopback that resets, stalls and corrupts exchanges, the same ones for each seed. */
export async function faultyProxy(target: string, options: FaultyProxyOptions): Promise<FaultyProxy> {
  const random = mulberry32(options.seed);
  const played = new Map<Fault, number>();
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    const fault = random() < options.share ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined;
    if (fault !== undefined && isPlayable(fault, request)) {
      played.set(fault, (played.get(fault) ?? 0) + 1);
      new Exchange(target, request, response).run(fault, random());
    } else new Exchange(target, request, response).run(undefined, 0);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("a TCP server without a port");
  return {
    host: `127.0.0.1:${address.port}`,
    played,
    get requests() {
      return requests;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** Bodies are damaged where a digest guards them: blobs both ways, manifests that are read by digest. */
function isPlayable(fault: Fault, request: IncomingMessage): boolean {
  const url = request.url ?? "";
  if (fault === "corrupt-response") return request.method === "GET" && /\/(?:blobs|manifests)\/sha256:/.test(url);
  if (fault === "corrupt-request" || fault === "cut-request") return carriesBlob(request.method, url);
  if (fault === "cut-response") return request.method === "GET";
  return true;
}

function carriesBlob(method: string | undefined, url: string): boolean {
  return url.includes("/blobs/uploads/") && (method === "PUT" || (method === "POST" && url.includes("digest=")));
}

class Exchange {
  readonly #target: string;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(target: string, request: IncomingMessage, response: ServerResponse) {
    this.#target = target;
    this.#request = request;
    this.#response = response;
  }

  /** @param where how far into the body the fault comes, 0 to 1 */
  run(fault: Fault | undefined, where: number): void {
    if (fault === "reset") {
      this.#request.socket.destroy();
      return;
    }
    if (fault === "refuse") {
      this.#request.resume();
      this.#response.writeHead(503, { "retry-after": "0", "content-length": "0" }).end();
      return;
    }
    const { method = "GET", url = "/", headers } = this.#request;
    const [hostname, port] = this.#target.split(":");
    const onward = httpRequest({ host: hostname, port, method, path: url, headers: { ...headers, host: headers.host } });
    onward.on("error", () => this.#response.destroy());
    onward.on("response", (answer) => this.#answer(answer, { fault, where }));
    this.#request.on("error", () => onward.destroy());
    this.#response.on("close", () => onward.destroy());
    const length = Number(headers["content-length"] ?? "0");
    this.#carry(this.#request, onward, {
      at: fault === "corrupt-request" || fault === "cut-request" ? Math.floor(where * length) : undefined,
      hit: (chunk, index) => (fault === "corrupt-request" ? flip(chunk, index) : void this.#request.socket.destroy()),
    });
  }

  #answer(answer: IncomingMessage, { fault, where }: { readonly fault: Fault | undefined; readonly where: number }): void {
    const length = Number(answer.headers["content-length"] ?? "0");
    if (fault === "stall" && length === 0) return;
    this.#response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.on("error", () => this.#response.destroy());
    if (fault === "stall") {
      answer.resume();
      this.#response.flushHeaders();
      return;
    }
    const isHit = (fault === "corrupt-response" || fault === "cut-response") && answer.statusCode === 200;
    this.#carry(answer, this.#response, {
      at: isHit ? Math.floor(where * length) : undefined,
      hit: (chunk, index) => (fault === "corrupt-response" ? flip(chunk, index) : void this.#response.destroy()),
    });
  }

  #carry(
    from: IncomingMessage,
    to: NodeJS.WritableStream,
    fault: { at: number | undefined; hit: (chunk: Buffer, index: number) => void },
  ): void {
    let position = 0;
    from.on("data", (chunk: Buffer) => {
      const index = (fault.at ?? -1) - position;
      position += chunk.byteLength;
      if (index >= 0 && index < chunk.byteLength) fault.hit(chunk, index);
      if (!to.write(chunk)) {
        from.pause();
        to.once("drain", () => from.resume());
      }
    });
    from.on("end", () => to.end());
  }
}

function flip(chunk: Buffer, index: number): void {
  chunk[index] = (chunk[index] ?? 0) ^ 0x20;
}

/** A small random generator with a seed. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
