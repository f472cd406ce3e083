import { isDigest } from "@skerry/oci";
import { nothing } from "../store/nothing.ts";
import { ApiError } from "./api-error.ts";
import { getBlob } from "./blob-download.ts";
import { beginUpload, cancelUpload, closeUpload, findUpload, patchUpload, uploadStatus } from "./blob-upload.ts";
import { type RegistryContext, writableOf } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { checkMeantForUs } from "./guard.ts";
import { listReferrers, listRepositories, listTags } from "./lists.ts";
import { deleteManifest, getManifest, putManifest } from "./manifests.ts";
import { type Route, routeOf } from "./routes.ts";

const READS: readonly string[] = ["GET", "HEAD"];

/** What each endpoint of a repository answers to. */
const METHODS: Readonly<Record<Extract<Route, { repository: string }>["kind"], readonly string[]>> = {
  tags: READS,
  referrers: READS,
  manifest: [...READS, "PUT", "DELETE"],
  blob: [...READS, "DELETE"],
  uploads: ["POST"],
  upload: [...READS, "PATCH", "PUT", "DELETE"],
};

const NAME_RULE = "A repository is parts of a-z and 0-9, with . _ __ or dashes inside, joined by /; 255 characters at most.";

/** Answers a request of the distribution API. @throws ApiError for every answer that says no */
export async function dispatch(context: RegistryContext, exchange: Exchange): Promise<void> {
  checkMeantForUs(exchange, context.names);
  const route = routeOf(exchange.path);
  if (route.kind === "none") throw new ApiError("UNSUPPORTED", { status: 404, detail: "There is no such endpoint." });
  if (!("repository" in route) && route.kind !== "bad-name" && !READS.includes(exchange.method)) throw notAllowed(exchange, READS);
  if (route.kind === "health") return exchange.json(200, { status: "ok" });
  if (route.kind === "ready") return exchange.json(context.isReady() ? 200 : 503, { status: context.isReady() ? "ready" : "stopping" });
  await context.access.authenticate(exchange);
  if (route.kind === "metrics") return sendMetrics(context, exchange);
  if (route.kind === "ping") {
    // Clients learn here that there is a login, also where everybody may pull.
    context.access.requireUser(exchange);
    return exchange.json(200, {});
  }
  if (route.kind === "catalog") return listRepositories(context, exchange);
  if (route.kind === "bad-name") throw new ApiError("NAME_INVALID", { detail: NAME_RULE });
  const at = { ...route, repository: meantRepository(context, exchange, route.repository) };
  const reads = READS.includes(exchange.method) && route.kind !== "upload";
  context.access.require(exchange, at.repository, reads ? "read" : "write");
  const readable = context.access.may(exchange, at.repository, "read");
  await inRepository(readable ? context : { ...context, content: nothing }, exchange, at);
}

/** `ns=HOST` asks for a repository of another registry through this one. Distribution-spec (development) "proxying". */
function meantRepository(context: RegistryContext, exchange: Exchange, path: string): string {
  const namespace = READS.includes(exchange.method) ? exchange.query.get("ns") : null;
  const meant = namespace === null ? undefined : context.repositoryFor(namespace, path);
  if (namespace !== null && meant !== undefined) exchange.namespace = namespace;
  return meant ?? path;
}

/** Counters tell who uses what: where there are users, they are for users. */
async function sendMetrics(context: RegistryContext, exchange: Exchange): Promise<void> {
  context.access.requireUser(exchange);
  exchange.answer(200, { "Content-Type": context.metrics.contentType }, await context.metrics.text());
}

async function inRepository(context: RegistryContext, exchange: Exchange, route: Extract<Route, { repository: string }>): Promise<void> {
  const { method } = exchange;
  const reads = READS.includes(method);
  if (reads && route.kind === "tags") return listTags(context, exchange, route.repository);
  if (reads && route.kind === "referrers") return listReferrers(context, exchange, route);
  if (route.kind === "manifest") {
    if (reads) return getManifest(context, exchange, route);
    if (method === "PUT") return putManifest(context, exchange, route);
    if (method === "DELETE") return deleteManifest(context, exchange, route);
  }
  if (route.kind === "blob") {
    if (reads) return getBlob(context, exchange, route.repository, route.digest);
    if (method === "DELETE") return deleteBlob(context, exchange, route);
  }
  if (route.kind === "uploads" && method === "POST") return beginUpload(context, exchange, route.repository);
  if (route.kind === "upload") return inUpload(context, exchange, route);
  throw notAllowed(exchange, METHODS[route.kind]);
}

async function inUpload(context: RegistryContext, exchange: Exchange, route: { repository: string; id: string }): Promise<void> {
  const { method } = exchange;
  if (!METHODS.upload.includes(method)) throw notAllowed(exchange, METHODS.upload);
  const upload = await findUpload(context, exchange, route);
  if (method === "PATCH") return patchUpload(context, exchange, upload);
  if (method === "PUT") return closeUpload(context, exchange, upload);
  if (method === "DELETE") return cancelUpload(context, exchange, upload);
  uploadStatus(exchange, upload);
}

/** `DELETE /v2/<name>/blobs/<digest>`: end-10. */
async function deleteBlob(context: RegistryContext, exchange: Exchange, at: { repository: string; digest: string }): Promise<void> {
  const { store } = writableOf(context);
  if (!isDigest(at.digest)) throw new ApiError("DIGEST_INVALID", { detail: "Expected sha256:<64 hex> or sha512:<128 hex>." });
  if (!(await store.deleteBlob(at.repository, at.digest))) throw new ApiError("BLOB_UNKNOWN", { detail: at.digest });
  exchange.answer(202);
}

/** RFC 9110 15.5.6: the answer says what is allowed. */
function notAllowed(exchange: Exchange, methods: readonly string[]): ApiError {
  return new ApiError("UNSUPPORTED", { detail: `${exchange.method} is not for this endpoint.`, headers: { Allow: methods.join(", ") } });
}
