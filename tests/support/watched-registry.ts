import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";

/** One request that passed. */
export interface SeenRequest {
  readonly method: string;
  /** Path with query. */
  readonly url: string;
  /** Status that was answered; 0 when the connection was cut. */
  readonly status: number;
}

/** What to answer instead of the registry: a status with an optional registry error code, or nothing at all. */
export type Interference = { readonly status: number; readonly code?: string; readonly headers?: Readonly<Record<string, string>> } | "cut";

export interface WatchedRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` of the watcher. */
  readonly host: string;
  /** Requests in the order in which they ended. */
  readonly seen: readonly SeenRequest[];
  /** How many of each method. */
  methods(): Record<string, number>;
  /** Forgets what was seen. */
  reset(): void;
  /** Asked about each request before it is passed on. Replaces the rule before. */
  interfere(rule: ((request: { readonly method: string; readonly url: string }) => Interference | undefined) | undefined): void;
}

/** A reverse proxy in front of a registry on loopback that counts every request and can fail some of them. */
export async function watchRegistry(target: string): Promise<WatchedRegistry> {
  const seen: SeenRequest[] = [];
  let rule: Parameters<WatchedRegistry["interfere"]>[0];
  const server = createServer((request, response) => {
    const { method = "GET", url = "/" } = request;
    const interference = rule?.({ method, url });
    const note = (status: number): void => void seen.push({ method, url, status });
    if (interference === undefined) {
      void passOn(target, request, response).then(note, () => {
        note(0);
        response.destroy();
      });
    } else {
      note(interference === "cut" ? 0 : interference.status);
      answer(request, response, interference);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("a TCP server without a port");
  return {
    host: `127.0.0.1:${address.port}`,
    seen,
    methods: () => counted(seen),
    reset: () => void seen.splice(0),
    interfere: (next) => {
      rule = next;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function passOn(target: string, request: IncomingMessage, response: ServerResponse): Promise<number> {
  const [hostname, port] = target.split(":");
  // The host stays as the client wrote it, so that the registry's Location headers lead back through here.
  const forwarded = httpRequest({ hostname, port, method: request.method, path: request.url, headers: request.headers });
  const answered = new Promise<IncomingMessage>((resolve, reject) => forwarded.once("response", resolve).once("error", reject));
  await pipeline(request, forwarded);
  const answer = await answered;
  const status = answer.statusCode ?? 0;
  response.writeHead(status, answer.rawHeaders);
  await pipeline(answer, response);
  return status;
}

function answer(request: IncomingMessage, response: ServerResponse, how: Interference): void {
  if (how === "cut") {
    request.destroy();
    return;
  }
  request.resume();
  response.writeHead(how.status, { "content-type": "application/json", ...how.headers });
  response.end(JSON.stringify({ errors: [{ code: how.code ?? "UNKNOWN", message: "made to fail" }] }));
}

function counted(seen: readonly SeenRequest[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { method } of seen) counts.set(method, (counts.get(method) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
