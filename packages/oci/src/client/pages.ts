import { OciError } from "../errors.ts";
import type { HttpResponse } from "../http/types.ts";
import type { IoOptions } from "../store/types.ts";
import { type Repository, sendTo } from "./repository.ts";

/** A list that a registry hands out in pages. */
export interface PagedList {
  /** Absolute path of the first page: `/v2/org/name/tags/list`. */
  readonly path: string;
  readonly scopes: readonly string[];
  readonly action: string;
  readonly io?: IoOptions | undefined;
  /** Statuses besides 200 that end the list quietly. */
  readonly none?: ((status: number) => boolean) | undefined;
  /** Told about an answer that ended the list so. */
  readonly onNone?: ((answer: Pick<HttpResponse, "status" | "header">) => void) | undefined;
}

const MAX_PAGE_BYTES = 32 * 1024 * 1024;
const MAX_PAGES = 100_000;

/** Follows `Link: <…>; rel="next"` from page to page (distribution-spec "listing tags"); yields each page's JSON object. */
export async function* pages(at: Repository, list: PagedList): AsyncGenerator<{ page: Record<string, unknown>; response: HttpResponse }> {
  let path: string | undefined = list.path;
  const seen = new Set<string>();
  while (path !== undefined) {
    if (seen.has(path) || seen.size >= MAX_PAGES) throw fault(at, list, "its pages lead in a circle");
    seen.add(path);
    const response: HttpResponse = await sendTo(at, {
      method: "GET",
      path,
      headers: { accept: "application/json" },
      scopes: list.scopes,
      action: list.action,
      buffer: MAX_PAGE_BYTES,
      expect: (status) => status === 200 || list.none?.(status) === true,
      io: list.io,
    });
    if (response.status !== 200) {
      list.onNone?.(response);
      return;
    }
    const page = parse(await response.bytes(MAX_PAGE_BYTES));
    if (page === undefined) throw fault(at, list, "the answer is not a JSON object");
    yield { page, response };
    path = nextPage(response, at.net.engine.origin(at.host));
  }
}

/** The next page's path, on the registry's own origin whatever host and scheme the link names. */
function nextPage(response: HttpResponse, origin: string): string | undefined {
  for (const link of (response.header("link") ?? "").split(/,(?=\s*<)/)) {
    const found = /^\s*<([^>]*)>\s*;(.*)$/.exec(link);
    if (found === null || !/\brel\s*=\s*"?next"?(?:\s|;|$)/i.test(found[2] ?? "")) continue;
    const target = found[1] ?? "";
    if (!URL.canParse(target, origin + new URL(response.url).pathname)) return undefined;
    const url = new URL(target, origin + new URL(response.url).pathname);
    return url.pathname + url.search;
  }
  return undefined;
}

function parse(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function fault(at: Repository, list: PagedList, why: string): OciError {
  return new OciError({ code: "PROTOCOL_ERROR", message: `Cannot ${list.action}: ${why}`, subject: at.host, host: at.host });
}
