import { openCatalogTree } from "../open-catalog.ts";
import { memoryFile, singleFile } from "../scan/source-files.ts";
import type { Catalog } from "../types.ts";
import { goJson } from "../write/go-json.ts";
import type { TemplateDocument } from "./template-documents.ts";

/** Documents as a catalog of their own, so that everything that reads catalogs can look at them. */
export function documentsCatalog(documents: readonly TemplateDocument[]): Promise<Catalog> {
  const text = documents.map((document) => `${goJson(document)}\n`).join("");
  return openCatalogTree(singleFile(memoryFile("template", Buffer.from(text))), { name: "template" });
}
