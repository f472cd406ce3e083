import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { firstDocument } from "../bundle/manifest-file.ts";
import { asList, asText, type JsonObject, member } from "../document/shape.ts";
import { CatalogError } from "../errors.ts";
import { byBytes } from "../write/go-json.ts";

/** A `*.package.yaml` as written. */
export interface PackageManifest {
  readonly name: string;
  readonly defaultChannel: string;
  readonly channels: readonly { readonly name: string; readonly currentCsv: string }[];
  /** Folder that holds the package file; the versions lie in it or below it. */
  readonly directory: string;
}

/** A ClusterServiceVersion in a package's folder. */
export interface CsvFile {
  readonly name: string;
  readonly file: string;
  /** Its folder, which holds the other manifests of the version. */
  readonly directory: string;
  readonly replaces: string;
  readonly skips: readonly string[];
  readonly skipRange: string;
}

const MAX_DEPTH = 8;
const MAX_FILES = 200_000;
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/**
 * Every package below a folder: the folder of one package, or a folder of many.
 * @throws CatalogError `LIMIT_EXCEEDED`
 */
export async function findPackages(root: string): Promise<readonly PackageManifest[]> {
  const found: PackageManifest[] = [];
  for (const { directory, names } of await folders(root)) {
    for (const name of names) {
      const document = await documentWith(join(directory, name), /^\s*"?packageName"?\s*:/m);
      const manifest = document === undefined ? undefined : packageManifest(document, directory);
      if (manifest !== undefined) found.push(manifest);
    }
  }
  return found.sort((a, b) => byBytes(a.name, b.name) || byBytes(a.directory, b.directory));
}

/** Every CSV in a folder and below it, by name; of two of one name the first by path counts. */
export async function findCsvs(directory: string): Promise<ReadonlyMap<string, CsvFile>> {
  const found = new Map<string, CsvFile>();
  for (const folder of await folders(directory)) {
    for (const file of folder.names) {
      const csv = await documentWith(join(folder.directory, file), /ClusterServiceVersion/);
      const name = asText(member(csv, "metadata", "name"));
      if (csv === undefined || member(csv, "kind") !== "ClusterServiceVersion" || name === "" || found.has(name)) continue;
      found.set(name, csvFile(csv, { name, file, directory: folder.directory }));
    }
  }
  return found;
}

function csvFile(csv: JsonObject, at: Pick<CsvFile, "name" | "file" | "directory">): CsvFile {
  return {
    ...at,
    replaces: asText(member(csv, "spec", "replaces")),
    skips: asList(member(csv, "spec", "skips"))
      .map(asText)
      .filter((name) => name !== ""),
    skipRange: asText(member(csv, "metadata", "annotations", "olm.skipRange")),
  };
}

function packageManifest(document: JsonObject, directory: string): PackageManifest | undefined {
  const name = asText(member(document, "packageName"));
  const channels = asList(member(document, "channels")).map((channel) => ({
    name: asText(member(channel, "name")),
    currentCsv: asText(member(channel, "currentCSV")),
  }));
  if (name === "" || channels.length === 0) return undefined;
  return { name, defaultChannel: asText(member(document, "defaultChannel")), channels, directory };
}

/** Parses a file only when its text can be what is looked for: most of a folder are definitions of megabytes. */
async function documentWith(path: string, pattern: RegExp): Promise<JsonObject | undefined> {
  const { size } = await stat(path);
  if (size > MAX_FILE_BYTES) throw limit(path, `it has ${size} bytes, at most ${MAX_FILE_BYTES} are read`);
  const text = await readFile(path, "utf8");
  return pattern.test(text) ? firstDocument(text) : undefined;
}

/** Folders from `root` down with their YAML and JSON files; links and hidden names are passed over. */
async function folders(root: string): Promise<readonly { readonly directory: string; readonly names: readonly string[] }[]> {
  const found: { directory: string; names: string[] }[] = [];
  let files = 0;
  const walk = async (directory: string, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH) return;
    const entries = (await readdir(directory, { withFileTypes: true }))
      .filter((entry) => !entry.name.startsWith("."))
      .sort((a, b) => byBytes(a.name, b.name));
    const names = entries.filter((entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name)).map((entry) => entry.name);
    files += names.length;
    if (files > MAX_FILES) throw limit(root, `there are more than ${MAX_FILES} files`);
    found.push({ directory, names });
    for (const entry of entries) if (entry.isDirectory()) await walk(join(directory, entry.name), depth + 1);
  };
  await walk(root, 0);
  return found;
}

function limit(path: string, why: string): CatalogError {
  return new CatalogError({ code: "LIMIT_EXCEEDED", message: `Cannot read package manifests at ${path}: ${why}`, subject: path });
}
