import { request } from "node:http";
import { REGISTRY_ERROR_CODES, RegistryError, type RegistryErrorCode } from "../errors.ts";
import { errorCode } from "../store/files.ts";
import type { ControlRequests } from "./control-server.ts";
import type { RegistryCare } from "./local-care.ts";

/** Looks after a store that another process serves, through the socket in its root. */
export function remoteCare(socket: string): RegistryCare {
  return {
    collect: ({ signal, ...options }) => ask(socket, "collect", { asked: options, signal }),
    scrub: ({ signal, ...options }) => ask(socket, "scrub", { asked: options, signal }),
    retain: (policy, options) => ask(socket, "retain", { asked: { policy, ...options } }),
    backup: (to, { signal }) => ask(socket, "backup", { asked: { to }, signal }),
    status: () => ask(socket, "status", { asked: {} }),
  };
}

/** True when somebody answers at the socket. */
export async function isServed(socket: string): Promise<boolean> {
  try {
    await send(socket, { path: "/ping", text: "{}", signal: undefined });
    return true;
  } catch (error) {
    if (["ENOENT", "ECONNREFUSED"].includes(errorCode(error) ?? "")) return false;
    throw error;
  }
}

async function ask<K extends keyof ControlRequests, R>(
  socket: string,
  what: K,
  { asked, signal }: { asked: ControlRequests[K]; signal?: AbortSignal | undefined },
): Promise<R> {
  const { status, text } = await send(socket, { path: `/${what}`, text: JSON.stringify(asked), signal });
  const answer = JSON.parse(text) as unknown;
  if (status === 200) return answer as R;
  const { code, message, subject, hint } = answer as { code?: string; message?: string; subject?: string; hint?: string };
  const known = REGISTRY_ERROR_CODES.find((candidate) => candidate === code) ?? ("IO_FAILED" satisfies RegistryErrorCode);
  throw new RegistryError({
    code: known,
    message: message ?? `The serving registry answered ${status}`,
    ...(subject === undefined ? {} : { subject }),
    ...(hint === undefined ? {} : { hint }),
  });
}

function send(
  socketPath: string,
  { path, text, signal }: { path: string; text: string; signal: AbortSignal | undefined },
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const sent = request({ socketPath, path, method: "POST", agent: false, ...(signal === undefined ? {} : { signal }) }, (response) => {
    const chunks: Uint8Array[] = [];
    response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }));
  });
  sent.on("error", reject);
  sent.end(text);
  return promise;
}
