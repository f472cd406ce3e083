import { isDigest, MEDIA_TYPES } from "@skerry/oci";
import { byBytes } from "../store/tags.ts";
import { ApiError } from "./api-error.ts";
import type { RegistryContext } from "./context.ts";
import type { Exchange } from "./exchange.ts";

/** `GET /v2/<name>/tags/list`: end-8a and 8b. */
export async function listTags(context: RegistryContext, exchange: Exchange, repository: string): Promise<void> {
  const tags = await context.content.tags(repository);
  if (tags === undefined) throw new ApiError("NAME_UNKNOWN", { detail: repository });
  const page = pageOf(exchange, tags, `/v2/${repository}/tags/list`);
  exchange.json(200, { name: repository, tags: page.names }, page.headers);
}

/** `GET /v2/_catalog`: the repositories the caller may read. Who may read none for want of a name is asked for it. */
export async function listRepositories(context: RegistryContext, exchange: Exchange): Promise<void> {
  context.access.requireReader(exchange);
  const all = await context.content.repositories();
  const readable = context.access.mayReadAll(exchange) ? all : all.filter((name) => context.access.may(exchange, name, "read"));
  const page = pageOf(exchange, readable, "/v2/_catalog");
  exchange.json(200, { repositories: page.names }, page.headers);
}

/** `GET /v2/<name>/referrers/<digest>`: end-12a and 12b. Never 404: nothing known is an empty index. */
export async function listReferrers(
  context: RegistryContext,
  exchange: Exchange,
  at: { repository: string; digest: string },
): Promise<void> {
  if (!isDigest(at.digest)) throw new ApiError("DIGEST_INVALID", { detail: "Expected sha256:<64 hex> or sha512:<128 hex>." });
  const found = await context.content.referrers(at.repository, at.digest);
  const wanted = exchange.query.get("artifactType") || null;
  const manifests = wanted === null ? found : found.filter((descriptor) => descriptor.artifactType === wanted);
  const body = JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests });
  exchange.answer(
    200,
    { "Content-Type": MEDIA_TYPES.ociIndex, ...(wanted === null ? {} : { "OCI-Filters-Applied": "artifactType" }) },
    body,
  );
}

/** The part of a sorted list that `n` and `last` ask for. `last` is a name to go on after, whether it is there or not. */
function pageOf(
  exchange: Exchange,
  names: readonly string[],
  path: string,
): { readonly names: readonly string[]; readonly headers: Record<string, string> } {
  const last = exchange.query.get("last");
  const from = last === null || last === "" ? 0 : firstAfter(names, last);
  const text = exchange.query.get("n");
  if (text === null) return { names: names.slice(from), headers: {} };
  if (!/^\d{1,9}$/.test(text)) throw new ApiError("PAGINATION_NUMBER_INVALID", { detail: "n is not a whole number." });
  const page = names.slice(from, from + Number(text));
  const end = page.at(-1);
  if (end === undefined || from + page.length >= names.length) return { names: page, headers: {} };
  return { names: page, headers: { Link: `<${path}?n=${Number(text)}&last=${encodeURIComponent(end)}>; rel="next"` } };
}

/** Position of the first name after `last` in a sorted list. */
function firstAfter(names: readonly string[], last: string): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byBytes(names[middle] ?? "", last) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
