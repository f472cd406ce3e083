import {
  bundleImages,
  type Catalog,
  describePackage,
  isCatalogError,
  listBundles,
  listChannels,
  listPackages,
  mermaidGraph,
  packageGraph,
  packageNeeds,
  readDeprecations,
  renderText,
  resolveDependencies,
  sarifLog,
  svgGraph,
  textGraph,
  validateCatalog,
  wholeCatalog,
  writeCatalog,
} from "@skerry/catalog";

/** What went wrong that nobody foresaw: anything thrown that is no error of the package. */
async function foreseen(step: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isCatalogError(error)) throw new Error(`${step}: ${error instanceof Error ? error.stack : String(error)}`, { cause: error });
  }
}

async function drain(parts: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of parts);
}

/** Does with a catalog everything that commands do. Throws for what is no error of the package, and for a path that leaves the root. */
export async function exerciseCatalog(catalog: Catalog): Promise<void> {
  await foreseen("list", async () => [await listPackages(catalog), listChannels(catalog), listBundles(catalog)]);
  await foreseen("validate", async () => JSON.stringify(sarifLog(await validateCatalog(catalog), { version: "0" })));
  for (const format of ["json", "yaml"] as const) await foreseen(`render ${format}`, () => drain(renderText(catalog, { format })));
  for (const info of catalog.packages) {
    await foreseen("graph", async () => {
      const graph = packageGraph(info, { deprecated: await readDeprecations(catalog, info.name) });
      return [svgGraph(graph), mermaidGraph([graph]), textGraph(graph)];
    });
    await foreseen("describe", () => describePackage(catalog, info));
    await foreseen("needs", () => packageNeeds(catalog, info.name));
    for (const name of info.bundles.keys()) await foreseen("images", async () => bundleImages(await catalog.bundle(info.name, name)));
  }
  for (const full of [true, false]) {
    await foreseen(`select ${full ? "everything" : "heads"}`, async () => {
      const { selected } = await resolveDependencies(catalog, { full }, { mode: "resolve" });
      await writeAll(catalog, selected);
    });
  }
  await foreseen("write", () => writeAll(catalog, wholeCatalog(catalog)));
}

async function writeAll(catalog: Catalog, selected: Parameters<typeof writeCatalog>[1]): Promise<void> {
  for await (const file of writeCatalog(catalog, selected)) {
    if (file.path.split("/").some((part) => part === "" || part === "." || part === ".." || part.includes("\u0000")))
      throw new Error(`unsafe path ${file.path}`);
    await drain(file.content);
  }
}
