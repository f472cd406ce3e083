import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { asList, asText, type JsonObject, member } from "../document/shape.ts";
import { CatalogError } from "../errors.ts";
import type { Property } from "../types.ts";
import { byBytes } from "../write/go-json.ts";
import { undefinedKinds } from "./bundle-apis.ts";
import { firstDocument } from "./manifest-file.ts";

/** A registry+v1 bundle as it lies on disk. */
export interface BundleFiles {
  /** Name of the CSV. */
  readonly name: string;
  readonly package: string;
  readonly channels: readonly string[];
  readonly defaultChannel: string;
  readonly csv: JsonObject;
  /** Every manifest in the order of file names, the CSV among them; further CSVs are left out. */
  readonly objects: readonly JsonObject[];
  /** Of `metadata/properties.yaml`. */
  readonly properties: readonly Property[];
  /** Of `metadata/dependencies.yaml`. */
  readonly dependencies: readonly Property[];
}

const PREFIX = "operators.operatorframework.io.bundle.";
const MAX_FILES = 2000;
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** True for a folder with both `manifests/` and `metadata/`, which is how opm tells a bundle. */
export async function isBundleDirectory(directory: string): Promise<boolean> {
  const found = await Promise.all(
    ["manifests", "metadata"].map((folder) =>
      stat(join(directory, folder)).then(
        (status) => status.isDirectory(),
        () => false,
      ),
    ),
  );
  return found.every(Boolean);
}

/**
 * Reads a bundle. The folders are always `manifests` and `metadata`, whatever the annotations say; a metadata file is
 * known by its content, not by its name. The first CSV counts.
 * @throws CatalogError `BUNDLE_INVALID` without CSV or annotations, `LIMIT_EXCEEDED`
 */
export async function readBundleDirectory(directory: string): Promise<BundleFiles> {
  const objects = onlyFirstCsv(await readDocuments(join(directory, "manifests")));
  const csv = objects.find(isCsv);
  if (csv === undefined) throw invalid(directory, "manifests/ holds no ClusterServiceVersion");
  const metadata = await readDocuments(join(directory, "metadata"));
  const annotations = member(
    metadata.find((document) => hasMembers(member(document, "annotations"))),
    "annotations",
  );
  const packageName = asText(member(annotations, `${PREFIX}package.v1`));
  if (annotations === undefined) throw invalid(directory, "metadata/ holds no annotations");
  return {
    name: asText(member(csv, "metadata", "name")),
    package: packageName,
    channels: asText(member(annotations, `${PREFIX}channels.v1`))
      .split(",")
      .map((channel) => channel.trim())
      .filter((channel) => channel !== ""),
    defaultChannel: asText(member(annotations, `${PREFIX}channel.default.v1`)),
    csv,
    objects,
    properties: listed(metadata, "properties"),
    dependencies: listed(metadata, "dependencies"),
  };
}

/** True for a ClusterServiceVersion. */
export function isCsv(object: JsonObject): boolean {
  return member(object, "kind") === "ClusterServiceVersion";
}

/** Leaves out every CSV but the first. */
export function onlyFirstCsv(objects: readonly JsonObject[]): readonly JsonObject[] {
  const first = objects.find(isCsv);
  return objects.filter((object) => object === first || !isCsv(object));
}

/** First documents of the files of a folder, in the order of their names; hidden files and what is no object left out. */
export async function readDocuments(directory: string): Promise<readonly JsonObject[]> {
  const names = (await readdir(directory, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map((entry) => entry.name);
  if (names.length > MAX_FILES) throw limit(directory, `it has ${names.length} files, at most ${MAX_FILES} are read`);
  const found: JsonObject[] = [];
  for (const name of names.sort(byBytes)) {
    const path = join(directory, name);
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw limit(path, `it has ${size} bytes, at most ${MAX_FILE_BYTES} are read`);
    const document = firstDocument(await readFile(path, "utf8"));
    if (document !== undefined) found.push(document);
  }
  return found;
}

/**
 * {@link readBundleDirectory} of a bundle that is named by itself, where opm wants each CRD that the CSV owns.
 * @throws CatalogError `BUNDLE_INVALID`, `LIMIT_EXCEEDED`
 */
export async function readWholeBundle(directory: string): Promise<BundleFiles> {
  const files = await readBundleDirectory(directory);
  const [missing] = undefinedKinds(files.objects, files.csv);
  if (missing === undefined) return files;
  throw new CatalogError({
    code: "BUNDLE_INVALID",
    message: `Cannot read bundle ${directory}: its CSV owns "${missing}", which no manifest defines`,
    subject: directory,
    hint: "Add the CustomResourceDefinition to manifests/, with the same name, version and kind.",
  });
}

function listed(metadata: readonly JsonObject[], key: "properties" | "dependencies"): readonly Property[] {
  const file = metadata.find((document) => asList(member(document, key)).length > 0);
  return asList(member(file, key)).map((entry) => ({ type: asText(member(entry, "type")), value: member(entry, "value") ?? null }));
}

function hasMembers(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).some((key) => key.startsWith(PREFIX));
}

function invalid(directory: string, why: string): CatalogError {
  return new CatalogError({
    code: "BUNDLE_INVALID",
    message: `Cannot read bundle ${directory}: ${why}`,
    subject: directory,
    hint: "Name a folder or image of the form registry+v1.",
  });
}

function limit(path: string, why: string): CatalogError {
  return new CatalogError({ code: "LIMIT_EXCEEDED", message: `Cannot read ${path} of a bundle: ${why}`, subject: path });
}
