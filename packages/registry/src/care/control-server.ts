import { chmod, unlink } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isRegistryError } from "../errors.ts";
import { errorCode } from "../store/files.ts";
import type { RegistryCare } from "./local-care.ts";
import type { RetentionPolicy } from "./retain.ts";

const MAX_BODY = 1024 * 1024;
/** sun_path of unix(7), with its closing zero. */
const LONGEST_PATH = 107;

/** What may be asked for over the socket, and with what. */
export interface ControlRequests {
  collect: { dryRun?: boolean; graceMs: number };
  scrub: { rate?: number; repairFrom?: string };
  retain: { policy: RetentionPolicy; dryRun?: boolean };
  backup: { to: string };
  status: Record<string, never>;
}

/**
 * Lets `skerry registry gc` and its like reach the process that serves: a socket in the root that only the owner can open.
 * Undefined when the root's path is too long for a socket; care then waits until the registry stops.
 */
export async function serveControl(path: string, care: RegistryCare): Promise<AsyncDisposable | undefined> {
  if (Buffer.byteLength(path) > LONGEST_PATH) return undefined;
  await unlink(path).catch(() => undefined);
  const server = createServer((request, response) => {
    void answer(care, request, response);
  });
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(care: RegistryCare, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    const asked = JSON.parse(await textOf(request)) as unknown;
    const report = await work(care, request.url ?? "", { asked, signal: gone.signal });
    response.writeHead(report === undefined ? 404 : 200, { "Content-Type": "application/json" }).end(JSON.stringify(report ?? {}));
  } catch (error) {
    const known = isRegistryError(error)
      ? { code: error.code, message: error.message, subject: error.subject, hint: error.hint }
      : { code: "IO_FAILED", message: `The registry failed (${errorCode(error) ?? "unexpected"})` };
    if (!response.destroyed) response.writeHead(500, { "Content-Type": "application/json" }).end(JSON.stringify(known));
  }
}

/** Only the owner of the root can ask, so the shape is taken as it comes. */
function work(care: RegistryCare, url: string, { asked, signal }: { asked: unknown; signal: AbortSignal }): Promise<object | undefined> {
  if (url === "/collect") return care.collect({ ...(asked as ControlRequests["collect"]), signal });
  if (url === "/scrub") return care.scrub({ ...(asked as ControlRequests["scrub"]), signal });
  if (url === "/retain") {
    const { policy, ...options } = asked as ControlRequests["retain"];
    return care.retain(policy, options);
  }
  if (url === "/backup") return care.backup((asked as ControlRequests["backup"]).to, { signal });
  if (url === "/status") return care.status();
  return Promise.resolve(undefined);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_BODY) throw new Error("too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
