import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createGunzip } from "node:zlib";
import { firstDocument } from "../bundle/manifest-file.ts";
import { asList, asObject, asText, type JsonObject, member } from "../document/shape.ts";
import { CatalogError } from "../errors.ts";
import { layerPath } from "../image/layer-path.ts";
import { readTar } from "../tar/read.ts";
import { parseGoYaml } from "../yaml/parse-yaml.ts";

const MAX_FILES = 20_000;
const MAX_BYTES = 1024 * 1024 * 1024;

/**
 * Unpacks the archive of a release into a folder of package manifests. Two forms are known: nested (a folder of versions)
 * and flattened (one `bundle.yaml` whose `data` holds lists of definitions, versions and packages).
 * @throws CatalogError `LIMIT_EXCEEDED`, `CATALOG_INVALID`
 */
export async function unpackArchive(archive: Uint8Array, directory: string): Promise<void> {
  let files = 0;
  let bytes = 0;
  for await (const entry of readTar(gunzipped(archive))) {
    const path = layerPath(entry.path);
    if (entry.kind !== "file" || path === undefined || path === "") continue;
    files += 1;
    bytes += entry.size;
    if (files > MAX_FILES || bytes > MAX_BYTES) {
      throw new CatalogError({
        code: "LIMIT_EXCEEDED",
        message: `Cannot unpack the package: it has more than ${MAX_FILES} files or ${MAX_BYTES} bytes`,
      });
    }
    const parts: Uint8Array[] = [];
    for await (const part of entry.content) parts.push(part);
    await keep(directory, path, Buffer.concat(parts));
  }
}

async function* gunzipped(archive: Uint8Array): AsyncGenerator<Uint8Array> {
  const transform = createGunzip({ chunkSize: 262_144 });
  transform.end(archive);
  try {
    for await (const chunk of transform) yield chunk as Uint8Array;
  } catch (cause) {
    throw new CatalogError({ code: "CATALOG_INVALID", message: "Cannot unpack the package: it is no gzip archive", cause });
  }
}

async function keep(directory: string, path: string, bytes: Buffer): Promise<void> {
  const flattened = /(^|\/)bundle\.ya?ml$/.test(path) ? asObject(member(firstDocument(bytes.toString("utf8")), "data")) : undefined;
  if (flattened === undefined) return write(join(directory, path), bytes);
  for (const [name, document] of versions(flattened))
    await write(join(directory, dirname(path), name), Buffer.from(JSON.stringify(document, null, 2)));
}

/** A flattened package as files: a folder for each version with the definitions it owns, and the package. */
function* versions(data: JsonObject): Generator<[string, JsonObject]> {
  const definitions = listed(data, "customResourceDefinitions");
  for (const [index, csv] of listed(data, "clusterServiceVersions").entries()) {
    yield [`version-${index}/csv.json`, csv];
    const owned = new Set(asList(member(csv, "spec", "customresourcedefinitions", "owned")).map((crd) => asText(member(crd, "name"))));
    for (const [position, definition] of definitions.entries()) {
      if (owned.has(asText(member(definition, "metadata", "name")))) yield [`version-${index}/crd-${position}.json`, definition];
    }
  }
  for (const [index, info] of listed(data, "packages").entries()) yield [`package-${index}.json`, info];
}

function listed(data: JsonObject, key: string): readonly JsonObject[] {
  try {
    return asList(parseGoYaml(asText(member(data, key))))
      .map(asObject)
      .filter((value) => value !== undefined);
  } catch (cause) {
    throw new CatalogError({ code: "CATALOG_INVALID", message: `Cannot read ${key} of the flattened package: it is no YAML`, cause });
  }
}

async function write(target: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await writeFile(target, bytes, { mode: 0o600 });
}
