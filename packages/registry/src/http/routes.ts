import { isRepository } from "@skerry/oci";

/** What a path asks for. Distribution-spec "endpoints". */
export type Route =
  | { readonly kind: "ping" }
  | { readonly kind: "catalog" }
  | { readonly kind: "health" }
  | { readonly kind: "ready" }
  | { readonly kind: "metrics" }
  | { readonly kind: "tags"; readonly repository: string }
  | { readonly kind: "manifest"; readonly repository: string; readonly reference: string }
  | { readonly kind: "blob"; readonly repository: string; readonly digest: string }
  | { readonly kind: "uploads"; readonly repository: string }
  | { readonly kind: "upload"; readonly repository: string; readonly id: string }
  | { readonly kind: "referrers"; readonly repository: string; readonly digest: string }
  | { readonly kind: "bad-name" }
  | { readonly kind: "none" };

const FIXED: Readonly<Record<string, Route>> = {
  "/v2": { kind: "ping" },
  "/v2/": { kind: "ping" },
  "/v2/_catalog": { kind: "catalog" },
  "/healthz": { kind: "health" },
  "/readyz": { kind: "ready" },
  "/metrics": { kind: "metrics" },
};

const NONE: Route = { kind: "none" };
const BAD_NAME: Route = { kind: "bad-name" };

/** Finds the route of a decoded path. Read from the end: the name in front may hold any of the words. */
export function routeOf(path: string): Route {
  if (Object.hasOwn(FIXED, path)) return FIXED[path] ?? NONE;
  if (!path.startsWith("/v2/")) return NONE;
  const parts = path.slice("/v2/".length).split("/");
  const [third, second, last] = [parts.at(-3), parts.at(-2), parts.at(-1) ?? ""];
  const before = (count: number): string => parts.slice(0, -count).join("/");
  if (third === "blobs" && second === "uploads") {
    return named(before(3), (repository) => (last === "" ? { kind: "uploads", repository } : { kind: "upload", repository, id: last }));
  }
  if (second === "blobs" && last === "uploads") return named(before(2), (repository) => ({ kind: "uploads", repository }));
  if (second === "blobs") return named(before(2), (repository) => ({ kind: "blob", repository, digest: last }));
  if (second === "manifests") return named(before(2), (repository) => ({ kind: "manifest", repository, reference: last }));
  if (second === "referrers") return named(before(2), (repository) => ({ kind: "referrers", repository, digest: last }));
  if (second === "tags" && last === "list") return named(before(2), (repository) => ({ kind: "tags", repository }));
  return NONE;
}

function named(name: string, route: (repository: string) => Route): Route {
  return isRepository(name) ? route(name) : BAD_NAME;
}
