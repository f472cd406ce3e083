import type { Exchange } from "./exchange.ts";
import { type Route, routeOf } from "./routes.ts";

/** One line of the access log. Queries are left out: they hold session states; headers are left out: they hold passwords. */
export interface AccessEntry {
  readonly at: string;
  readonly address: string;
  readonly user: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly milliseconds: number;
  readonly agent: string;
}

/** One line of the audit log: somebody changed, or tried to change, what is stored. */
export interface AuditEntry {
  readonly at: string;
  readonly address: string;
  readonly user: string;
  readonly action: "push-manifest" | "push-blob" | "mount-blob" | "delete-manifest" | "delete-blob" | "cancel-upload";
  readonly repository: string;
  /** Tag or digest as asked for. */
  readonly reference?: string;
  readonly digest?: string;
  readonly status: number;
}

export function accessEntry(exchange: Exchange, at: Date, milliseconds: number): AccessEntry {
  return {
    at: at.toISOString(),
    address: exchange.address,
    user: exchange.caller.user,
    method: exchange.method,
    path: exchange.path.slice(0, 1024),
    status: exchange.response.statusCode,
    receivedBytes: exchange.contentLength ?? 0,
    sentBytes: exchange.method === "HEAD" ? 0 : exchange.sentLength,
    milliseconds: Math.round(milliseconds),
    agent: (exchange.header("user-agent") ?? "").slice(0, 200),
  };
}

/** Undefined for requests that change nothing. */
export function auditEntry(exchange: Exchange, at: Date): AuditEntry | undefined {
  const route = routeOf(exchange.path);
  const action = actionOf(exchange, route);
  if (action === undefined || !("repository" in route)) return undefined;
  const reference = route.kind === "manifest" ? route.reference : route.kind === "blob" ? route.digest : undefined;
  const digest = exchange.answeredDigest;
  return {
    at: at.toISOString(),
    address: exchange.address,
    user: exchange.caller.user,
    action,
    repository: route.repository,
    ...(reference === undefined ? {} : { reference }),
    ...(digest === undefined ? {} : { digest }),
    status: exchange.response.statusCode,
  };
}

function actionOf(exchange: Exchange, route: Route): AuditEntry["action"] | undefined {
  const { method } = exchange;
  if (route.kind === "manifest" && method === "PUT") return "push-manifest";
  if (route.kind === "manifest" && method === "DELETE") return "delete-manifest";
  if (route.kind === "blob" && method === "DELETE") return "delete-blob";
  if (route.kind === "upload" && method === "PUT") return "push-blob";
  if (route.kind === "upload" && method === "DELETE") return "cancel-upload";
  // A POST that only opens a session has stored nothing yet.
  if (route.kind !== "uploads" || method !== "POST" || exchange.response.statusCode === 202) return undefined;
  return exchange.query.has("mount") ? "mount-blob" : "push-blob";
}
