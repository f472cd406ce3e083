import type { Catalog, PackageInfo } from "@skerry/catalog";
import { UsageError } from "../args/errors.ts";
import { didYouMean } from "../args/nearest.ts";

/**
 * The catalog that a flag names.
 * @throws UsageError when it was left out
 */
export function requiredCatalog(catalog: string | undefined): string {
  if (catalog !== undefined && catalog !== "") return catalog;
  throw new UsageError("no catalog was named", { subject: "--catalog", hint: "Name it with --catalog CATALOG." });
}

/**
 * A package of a catalog.
 * @throws UsageError with the nearest names when there is none of that name
 */
export function packageOf(catalog: Catalog, name: string): PackageInfo {
  const info = catalog.package(name);
  if (info !== undefined) return info;
  const names = catalog.packages.map((one) => one.name);
  throw new UsageError(`${catalog.name} has no package ${JSON.stringify(name)}`, {
    subject: name,
    hint: didYouMean(name, names) ?? `It has ${names.length} packages: skerry catalog list ${catalog.name}`,
  });
}
