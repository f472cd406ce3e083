import { type Bundle, type CatalogProblem, type InstalledVersion, resolveDependencies, type Selected } from "@skerry/catalog";
import { formatPlatform } from "@skerry/oci";
import type { ImageSetConfig, OperatorsConfig } from "../config/types.ts";
import { MirrorError } from "../errors.ts";
import { fromCatalog, type Problem } from "../problem/problem.ts";
import { pooled } from "../resolve/pool.ts";
import { gatherBundles } from "./bundles.ts";
import type { EnvironmentReader } from "./environment.ts";
import type { CatalogMode, GatheredCatalog, ServeCatalog } from "./gathered.ts";
import { type OpenCatalogContext, type OpenedCatalog, openConfiguredCatalog } from "./open-catalog.ts";
import type { BundleRepairer } from "./repair.ts";
import { unreadableCatalog } from "./unreadable.ts";

export interface Gathered {
  readonly catalogs: readonly GatheredCatalog[];
  /** Rows of catalogs that could not be read. */
  readonly problems: readonly Problem[];
}

export interface GatherContext extends OpenCatalogContext {
  readonly repair: BundleRepairer;
  readonly serve: ServeCatalog;
  /** Versions that run on clusters: the kept heads stay reachable from them. */
  /** Finds `RELATED_IMAGE_*` values, where they are wanted too. */
  readonly environment?: EnvironmentReader | undefined;
  readonly installed: readonly InstalledVersion[];
  /** What to do about dependencies that are not in the set. */
  readonly deps: "report" | "resolve" | "off";
  /** Platforms of `--platform`, which win over those of the configuration; empty: as configured. */
  readonly platforms: readonly string[];
}

/**
 * Reads every catalog of a configuration. A catalog that cannot be read is a row; a selection that names what does not exist is
 * what the user wrote, and is refused.
 * @throws MirrorError `SELECTION_INVALID`, listing every fault of every catalog; what {@link ServeCatalog} throws
 */
export async function gatherCatalogs(config: ImageSetConfig, context: GatherContext): Promise<Gathered> {
  const catalogs: GatheredCatalog[] = [];
  const problems: Problem[] = [];
  const faults: SelectionFault[] = [];
  const refusals: unknown[] = [];
  const results = pooled(config.operators, 3, (entry) => gatherOne(entry, context));
  for await (const result of results) {
    if ("problem" in result) problems.push(result.problem);
    else if ("fault" in result) faults.push(result.fault);
    else if ("refusal" in result) refusals.push(result.refusal);
    else catalogs.push(result);
  }
  if (faults.length === 0 && refusals.length === 0) return { catalogs, problems };
  for (const catalog of catalogs) await catalog.opened.catalog.close();
  if (refusals.length > 0) throw refusals[0];
  throw refused(config, faults);
}

interface SelectionFault {
  readonly entry: OperatorsConfig;
  readonly message: string;
  readonly hint: string | undefined;
}

async function gatherOne(
  entry: OperatorsConfig,
  context: GatherContext,
): Promise<GatheredCatalog | { problem: Problem } | { fault: SelectionFault } | { refusal: unknown }> {
  let opened: OpenedCatalog;
  try {
    opened = await openConfiguredCatalog(entry, context);
  } catch (error) {
    return { problem: unreadableCatalog(entry.catalog, error) };
  }
  let mode: CatalogMode;
  try {
    mode = context.serve(opened);
  } catch (refusal) {
    await opened.catalog.close();
    return { refusal };
  }
  try {
    const installed = context.installed.filter((one) => opened.catalog.package(one.package) !== undefined);
    const deps = entry.skipDependencies ? "off" : context.deps;
    const result = await resolveDependencies(opened.catalog, { ...entry.selection, installed }, { mode: deps, signal: context.signal });
    return await gatherSelected(
      entry,
      { opened, mode },
      { ...result.selected, problems: [...result.selected.problems, ...result.problems] },
      context,
    );
  } catch (error) {
    await opened.catalog.close();
    if (isSelectionFault(error)) return { fault: { entry, message: error.message, hint: error.hint } };
    return { problem: unreadableCatalog(entry.catalog, error) };
  }
}

async function gatherSelected(
  entry: OperatorsConfig,
  { opened, mode }: Pick<GatheredCatalog, "opened" | "mode">,
  selected: Selected,
  context: GatherContext,
): Promise<GatheredCatalog> {
  const platforms = context.platforms.length > 0 ? context.platforms : entry.platforms.map(formatPlatform);
  const found = await gatherBundles(opened.catalog, selected, {
    catalog: entry.catalog,
    platforms,
    repair: (bundle: Bundle, broken) => context.repair(bundle, broken),
    environment: context.environment,
    signal: context.signal,
  });
  const rows = [...opened.problems, ...catalogRows(entry, opened), ...selected.problems, ...found.problems];
  return {
    entry,
    opened,
    mode,
    selected: found.selected,
    requests: found.requests,
    packages: found.packages,
    references: found.problems,
    problems: rows.map((row) => fromCatalog(row, entry.catalog)),
  };
}

/** What the reader left out of a catalog, as far as it is about what was asked for. */
function catalogRows(entry: OperatorsConfig, opened: OpenedCatalog): readonly CatalogProblem[] {
  const asked = entry.selection.packages;
  return opened.catalog.problems.filter(
    (row) => row.package === undefined || asked === undefined || asked.some((one) => one.name === row.package),
  );
}

function isSelectionFault(error: unknown): error is Error & { readonly hint?: string } {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    /^(?:SELECTION_|VERSION_INVALID|RANGE_INVALID)/.test(error.code)
  );
}

function refused(config: ImageSetConfig, faults: readonly SelectionFault[]): MirrorError {
  const details = faults.map(
    ({ entry, message, hint }) =>
      `${config.path}:${entry.position.line}: ${entry.catalog}: ${message}${hint === undefined ? "" : `. ${hint}`}`,
  );
  return new MirrorError({
    code: "SELECTION_INVALID",
    message: `Cannot select what ${config.path} asks for: ${faults[0]?.message ?? ""}`,
    subject: config.path,
    details,
    hint: faults[0]?.hint ?? "List what a catalog holds with 'skerry catalog list'.",
  });
}
