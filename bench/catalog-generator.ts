import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openFileCatalog, selectPackages, writeCatalog } from "@skerry/catalog";

/** A document of a rendered catalog; only the members that a copy renames are named. */
type Doc = Record<string, unknown>;

/**
 * Makes a large catalog out of a small real one: its packages in order, copied round after round until `bytes` is
 * reached; each copy has `-c<round>` behind the package's name and `.c<round>` behind the names of its bundles and entries.
 * One file `<package>/catalog.json` per copy, indented by four blanks. Answers the bytes written.
 */
export async function generateCatalog(from: string, to: string, bytes: number): Promise<number> {
  const packages = await renderedPackages(from);
  let written = 0;
  for (let round = 0; written < bytes; round++) {
    const suffix = `c${String(round).padStart(3, "0")}`;
    for (const { name, documents } of packages) {
      if (written >= bytes) break;
      const folder = join(to, `${name}-${suffix}`);
      await mkdir(folder, { recursive: true });
      const text = documents.map((document) => `${JSON.stringify(renamed(document, suffix), null, 4)}\n`).join("");
      await writeFile(join(folder, "catalog.json"), text);
      written += Buffer.byteLength(text);
    }
  }
  return written;
}

async function renderedPackages(from: string): Promise<readonly { readonly name: string; readonly documents: readonly Doc[] }[]> {
  const catalog = await openFileCatalog(from);
  try {
    const packages: { name: string; documents: Doc[] }[] = [];
    const everything = selectPackages(catalog, { full: true });
    for await (const file of writeCatalog(catalog, everything)) {
      const documents: Doc[] = [];
      for await (const bytes of file.content) documents.push(JSON.parse(Buffer.from(bytes).toString("utf8")) as Doc);
      packages.push({ name: file.path.slice(0, file.path.indexOf("/")), documents });
    }
    return packages;
  } finally {
    await catalog.close();
  }
}

function renamed(document: Doc, suffix: string): Doc {
  const copy: Doc = { ...document };
  const dash = (name: unknown): string => `${String(name)}-${suffix}`;
  const dot = (name: unknown): string => `${String(name)}.${suffix}`;
  if (copy["schema"] === "olm.package") copy["name"] = dash(copy["name"]);
  if (copy["package"] !== undefined) copy["package"] = dash(copy["package"]);
  if (copy["schema"] === "olm.channel") {
    copy["entries"] = (copy["entries"] as Doc[]).map((entry) => ({
      ...entry,
      name: dot(entry["name"]),
      ...(entry["replaces"] === undefined ? {} : { replaces: dot(entry["replaces"]) }),
      ...(entry["skips"] === undefined ? {} : { skips: (entry["skips"] as string[]).map(dot) }),
    }));
  }
  if (copy["schema"] === "olm.bundle") {
    copy["name"] = dot(copy["name"]);
    copy["properties"] = (copy["properties"] as Doc[]).map((property) => {
      if (property["type"] !== "olm.package") return property;
      const value = property["value"] as Doc;
      return { ...property, value: { ...value, packageName: dash(value["packageName"]) } };
    });
  }
  return copy;
}
