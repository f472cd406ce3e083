import type { CatalogEntry } from "./catalog-entry.ts";
import { ClusterError } from "./errors.ts";

/** Names of the objects of one catalog. */
export interface CatalogNames {
  readonly catalogSource: string;
  readonly clusterCatalog: string;
}

// OLM names the catalog's Service after it: RFC 1035 labels.
const SERVICE_NAME = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MAX_NAME = 63;
const SUFFIX_LENGTH = 12;

/**
 * Names of CatalogSource and ClusterCatalog of each catalog, by `catalog`: `cs-BASENAME-SUFFIX` and `cc-BASENAME-SUFFIX`
 * with the last part of the repository and the first 12 characters of the tag, as `oc mirror` does, or the name given.
 * What no object name takes (upper case, dots, underscores) is replaced, where `oc mirror` stops. A tag that was made of a
 * digest counts with the digest's first 12 digits.
 * @throws ClusterError `NAME_INVALID` for a given name that no Service can have, `NAME_COLLISION` for two of one name
 */
export function catalogNames(catalogs: readonly CatalogEntry[]): ReadonlyMap<CatalogEntry, CatalogNames> {
  const names = new Map(catalogs.map((entry) => [entry, namesOf(entry)]));
  const owners = new Map<string, CatalogEntry>();
  for (const [entry, { catalogSource }] of names) {
    const other = owners.get(catalogSource);
    if (other !== undefined) throw collision(catalogSource, other, entry);
    owners.set(catalogSource, entry);
  }
  return names;
}

function namesOf(entry: CatalogEntry): CatalogNames {
  if (entry.name !== undefined) {
    if (!SERVICE_NAME.test(entry.name)) throw invalid(entry.name, entry.catalog);
    return { catalogSource: entry.name, clusterCatalog: entry.name };
  }
  const stem = `${entry.repository.slice(entry.repository.lastIndexOf("/") + 1)}-${suffixOf(entry.tag)}`;
  return { catalogSource: objectName(`cs-${stem}`), clusterCatalog: objectName(`cc-${stem}`) };
}

function suffixOf(tag: string): string {
  const hex = /(?:^|-)([0-9a-f]{64}|[0-9a-f]{128})$/.exec(tag)?.[1];
  return (hex ?? tag.toLowerCase().replace(/[^a-z0-9]/g, "-")).slice(0, SUFFIX_LENGTH);
}

function objectName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, "-")
    .slice(0, MAX_NAME)
    .replace(/-+$/, "");
}

function invalid(name: string, catalog: string): ClusterError {
  return new ClusterError({
    code: "NAME_INVALID",
    message: `Cannot name the CatalogSource of ${catalog} ${JSON.stringify(name.slice(0, 100))}: a Service would have to have that name`,
    subject: name.slice(0, 100),
    hint: "Give at most 63 lower-case letters, digits and dashes that begin with a letter.",
  });
}

function collision(name: string, first: CatalogEntry, second: CatalogEntry): ClusterError {
  return new ClusterError({
    code: "NAME_COLLISION",
    message: `Cannot name two catalogs ${name}: ${first.catalog} and ${second.catalog} would replace each other`,
    subject: name,
    hint: `Give one of them a name of its own: --catalog-source-name ${second.catalog}=NAME, or skerry.catalogSourceNames.`,
  });
}
