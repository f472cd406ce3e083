import { UsageError } from "../args/errors.ts";
import type { ContentFlags } from "./content-flags.ts";

/**
 * Refuses `--rewrite-index` where images come from catalogs: these name them by digest, and a cluster would ask for a digest
 * that no longer exists.
 * @throws UsageError
 */
export function refuseRewriting(flags: Pick<ContentFlags, "rewrite-index">): void {
  if (!flags["rewrite-index"]) return;
  throw new UsageError("--rewrite-index would give images digests that no catalog names", {
    subject: "--rewrite-index",
    hint: "Leave it out: --platform alone copies sparsely and keeps every digest. 'skerry copy' rewrites single images.",
  });
}

/**
 * Refuses the content flags that an image set cannot keep: the lock names platforms, so that the far side needs no expression.
 * @throws UsageError
 */
export function checkSetContent(flags: Pick<ContentFlags, "rewrite-index" | "filter-by-os">): void {
  refuseRewriting(flags);
  if (flags["filter-by-os"] === undefined) return;
  throw new UsageError("--filter-by-os cannot be used for an image set: its lock names platforms, not expressions", {
    subject: "--filter-by-os",
    hint: "Name the platforms: --platform linux/amd64,linux/arm64",
  });
}
