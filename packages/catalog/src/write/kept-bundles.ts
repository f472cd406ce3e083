import { decodeBundle } from "../model/decode-bundle.ts";
import { ShapeError } from "../model/decode-channel.ts";
import type { Bundle, Catalog, CatalogDocument, SelectedPackage } from "../types.ts";
import { byBytes } from "./go-json.ts";

/**
 * The kept bundles of a package by name. Where the catalog has them in that order already, as opm writes it, they are read
 * in one pass; else each is looked up.
 * @throws CatalogError when a bundle is not there or cannot be read
 */
export async function* keptBundles(catalog: Catalog, chosen: SelectedPackage): AsyncGenerator<Bundle> {
  const names = chosen.bundles.toSorted(byBytes);
  const kept = new Set(names);
  const isKept = (document: CatalogDocument): boolean =>
    document.schema === "olm.bundle" && document.package === chosen.name && kept.has(document.name);
  if (!(await hasOrder(catalog, { isKept, names }))) {
    for (const name of names) yield await catalog.bundle(chosen.name, name);
    return;
  }
  for await (const { document, body } of catalog.documents(isKept))
    yield decoded(body) ?? (await catalog.bundle(chosen.name, document.name));
}

async function hasOrder(
  catalog: Catalog,
  wanted: { readonly isKept: (document: CatalogDocument) => boolean; readonly names: readonly string[] },
): Promise<boolean> {
  let at = 0;
  let same = true;
  const note = (document: CatalogDocument): boolean => {
    if (!wanted.isKept(document)) return false;
    same &&= document.name === wanted.names[at];
    at += 1;
    return false;
  };
  for await (const _ of catalog.documents(note)) break;
  return same && at === wanted.names.length;
}

/** Undefined for a document of the wrong shape; looking it up tells what is wrong. */
function decoded(body: Record<string, unknown>): Bundle | undefined {
  try {
    return decodeBundle(body);
  } catch (error) {
    if (error instanceof ShapeError) return undefined;
    throw error;
  }
}
