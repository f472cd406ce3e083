import type { Problem } from "../problem/problem.ts";
import { isOwnFault } from "../resolve/failure.ts";

/**
 * The row for a catalog that cannot be read: the others go on. What is no fault of the catalog is passed on.
 */
export function unreadableCatalog(catalog: string, error: unknown): Problem {
  if (!(error instanceof Error) || !("code" in error) || isOwnFault(error)) throw error;
  const hint =
    "hint" in error && typeof error.hint === "string"
      ? error.hint
      : "Check the name, log in with 'skerry login', or leave the catalog out of the configuration.";
  return {
    code: "CATALOG_UNREADABLE",
    severity: "error",
    subject: catalog,
    catalog,
    original: catalog,
    action: "dropped",
    waived: false,
    message: error.message,
    hint,
  };
}
