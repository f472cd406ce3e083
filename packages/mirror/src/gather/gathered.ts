import type { CatalogProblem, Selected } from "@skerry/catalog";
import type { OperatorsConfig } from "../config/types.ts";
import type { ImageRequest } from "../plan/plan.ts";
import type { KeptPackage, PlannedCatalog } from "../plan/types.ts";
import type { Problem } from "../problem/problem.ts";
import type { OpenedCatalog } from "./open-catalog.ts";

/** How a catalog image is made. */
export type CatalogMode = PlannedCatalog["mode"];

/** Decides how the catalog of a source is served. Throws when no pod can serve it. */
export type ServeCatalog = (source: Pick<OpenedCatalog, "hasServer" | "format">) => CatalogMode;

/** A catalog that was read, with everything its kept bundles need. The caller closes it. */
export interface GatheredCatalog {
  readonly entry: OperatorsConfig;
  readonly opened: OpenedCatalog;
  /** How its image is made. */
  readonly mode: CatalogMode;
  readonly selected: Selected;
  readonly requests: readonly ImageRequest[];
  readonly packages: readonly KeptPackage[];
  /** Rows about references, as the writer of the catalog takes them. */
  readonly references: readonly CatalogProblem[];
  readonly problems: readonly Problem[];
}
