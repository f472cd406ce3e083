import { CATALOG_SCOPE } from "../auth/scope.ts";
import { isRepository, isTag } from "../model/reference.ts";
import type { IoOptions } from "../store/types.ts";
import { pages } from "./pages.ts";
import { lookScope, nameOf, type Repository } from "./repository.ts";

/** Asked for per page; ECR allows no more. */
const PAGE = 1000;

/** Tags of a repository, as the registry orders them; `tags: null` and a missing repository are empty. */
export async function* listTags(at: Repository, io?: IoOptions): AsyncGenerator<string> {
  const path = `/v2/${at.repository}/tags/list`;
  const seen = new Set<string>();
  const list = { path: `${path}?n=${PAGE}`, scopes: [lookScope(at)], action: `list tags of ${nameOf(at)}`, none: is404, io };
  for await (const { page } of pages(at, list)) yield* fresh(page["tags"], { seen, isName: isTag });
}

/** Repositories of a registry (`_catalog`, which it need not offer). */
export async function* listRepositories(at: Omit<Repository, "repository">, io?: IoOptions): AsyncGenerator<string> {
  const seen = new Set<string>();
  const list = { path: `/v2/_catalog?n=${PAGE}`, scopes: [CATALOG_SCOPE], action: `list repositories of ${at.host}`, io };
  // A name is needed only for the request's shape; the path is absolute.
  for await (const { page } of pages({ ...at, repository: "_catalog_".replaceAll("_", "") }, list)) {
    yield* fresh(page["repositories"], { seen, isName: isRepository });
  }
}

function* fresh(value: unknown, names: { seen: Set<string>; isName: (text: string) => boolean }): Generator<string> {
  if (!Array.isArray(value)) return;
  for (const name of value) {
    // Servers that ignore `last` repeat themselves.
    if (typeof name !== "string" || !names.isName(name) || names.seen.has(name)) continue;
    names.seen.add(name);
    yield name;
  }
}

function is404(status: number): boolean {
  return status === 404;
}
