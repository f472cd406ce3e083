import { type Document, isMap, isScalar, isSeq, parseDocument, type YAMLMap } from "yaml";
import { ConfigError } from "./config-error.ts";
import { IMAGE_SET_API_VERSION, IMAGE_SET_KIND } from "./schema.ts";
import { readYamlTree } from "./yaml-tree.ts";

/** The versions of the format that can be written. */
export const CONVERT_VERSIONS = ["v1alpha2", "v2alpha1"] as const;
export type ConvertVersion = (typeof CONVERT_VERSIONS)[number];

export interface ConvertOptions {
  /** For messages. */
  readonly path: string;
  readonly to: ConvertVersion;
  /** Leaves out what only Skerry reads. */
  readonly plain: boolean;
}

/** A converted configuration, and what was lost or decided on the way, in the order of the file. */
export interface Conversion {
  readonly text: string;
  readonly from: string;
  readonly notes: readonly string[];
}

const KNOWN_FROM: ReadonlySet<unknown> = new Set(["mirror.openshift.io/v1alpha1", "mirror.openshift.io/v1alpha2", IMAGE_SET_API_VERSION]);

/**
 * Writes an image set configuration in another version of its format. Comments, order and stanzas that are equal in both stay
 * as they are; a key that has no words there is left out with a note.
 * @throws ConfigError when the text is no image set configuration of a known version
 */
export function convertImageSetConfig(text: string, options: ConvertOptions): Conversion {
  const tree = readYamlTree(text);
  if (tree.faults.length > 0) throw new ConfigError(options.path, tree.faults);
  const document = parseDocument(text);
  const from = document.get("apiVersion");
  if (!isMap(document.contents) || document.get("kind") !== IMAGE_SET_KIND || !KNOWN_FROM.has(from)) {
    const at = tree.keyAt([document.get("kind") === IMAGE_SET_KIND ? "apiVersion" : "kind"]);
    const message = `expected kind ${IMAGE_SET_KIND} of mirror.openshift.io/v1alpha1, v1alpha2 or v2alpha1`;
    throw new ConfigError(options.path, [{ path: "", ...at, message, suggestion: "Convert image set configurations only." }]);
  }
  const notes: string[] = [];
  const note = (message: string): void => void notes.push(message);
  document.set("apiVersion", `mirror.openshift.io/${options.to}`);
  if (options.to === "v2alpha1") toSecond(document, note);
  else toFirst(document, note);
  if (options.plain || options.to === "v1alpha2") {
    if (document.delete("skerry")) note("skerry: left out, no other tool reads it; its values are flags too");
    for (const [map, at] of entriesOf(document, ["operators", "additionalImages"]))
      for (const platform of mapsOf(map, "platforms"))
        if (platform.delete("variant")) note(`${at}.platforms: a variant is left out, which oc mirror does not know`);
  }
  return { text: document.toString({ lineWidth: 0 }), from: String(from), notes };
}

type Note = (message: string) => void;

/** v1alpha1 and v1alpha2 → v2alpha1. */
function toSecond(document: Document, note: Note): void {
  if (document.delete("storageConfig")) note("storageConfig: left out, the lock keeps what was mirrored");
  for (const [entry, at] of entriesOf(document, ["operators"])) {
    const catalog = String(entry.get("catalog") ?? "");
    const name = entry.get("targetName");
    if (entry.delete("targetName") && typeof name === "string" && !entry.has("targetCatalog")) {
      const target = [...pathOf(catalog).slice(0, -1), name].join("/");
      entry.set("targetCatalog", target);
      note(`${at}.targetName: written as targetCatalog: ${target}`);
    }
    if (entry.delete("originalRef")) note(`${at}.originalRef: left out`);
    rename(entry, "skipDeps", "skipDependencies");
    const headsOnly = entry.get("headsOnly");
    if (entry.delete("headsOnly") && headsOnly === false) {
      entry.set("full", true);
      note(`${at}.headsOnly: false: written as full: true`);
    }
    for (const owner of mapsOf(entry, "packages"))
      for (const ranged of [owner, ...mapsOf(owner, "channels")]) convertRange(ranged, { at, note });
  }
}

/** A lowest version or bundle of the first format as minVersion. */
function convertRange(ranged: YAMLMap, { at, note }: { readonly at: string; readonly note: Note }): void {
  rename(ranged, "startingVersion", "minVersion");
  for (const key of ["minBundle", "startingBundle"]) {
    const bundle = ranged.get(key);
    if (!ranged.delete(key) || typeof bundle !== "string") continue;
    const version = /\.v?([0-9]+\.[0-9]+\.[0-9]+.*)$/.exec(bundle)?.[1];
    if (version === undefined) note(`${at}: ${key} ${bundle} is left out: its name tells no version; write minVersion`);
    else if (ranged.has("minVersion")) note(`${at}: ${key} ${bundle} is left out: minVersion says it already`);
    else {
      ranged.set("minVersion", version);
      note(`${at}: ${key} ${bundle} is written as minVersion: ${version}`);
    }
  }
}

/** v2alpha1 → v1alpha2. */
function toFirst(document: Document, note: Note): void {
  const lost: Readonly<Record<string, readonly string[]>> = {
    operators: ["targetCatalogSourceTemplate", "platforms"],
    additionalImages: ["targetRepo", "targetTag", "platforms"],
  };
  for (const [list, keys] of Object.entries(lost))
    for (const [entry, at] of entriesOf(document, [list]))
      for (const key of keys) if (entry.delete(key)) note(`${at}.${key}: left out, oc-mirror v1 does not know it`);
  const platform = document.getIn(["mirror", "platform"]);
  if (!isMap(platform)) return;
  for (const key of ["platforms", "release", "kubeVirtContainer"])
    if (platform.delete(key)) note(`mirror.platform.${key}: left out, oc-mirror v1 does not know it`);
}

function rename(map: YAMLMap, from: string, to: string): void {
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === from);
  if (pair === undefined || !isScalar(pair.key)) return;
  if (map.has(to)) map.delete(from);
  else pair.key.value = to;
}

function* entriesOf(document: Document, lists: readonly string[]): Generator<readonly [YAMLMap, string]> {
  for (const list of lists) {
    const items = document.getIn(["mirror", list]);
    if (!isSeq(items)) continue;
    for (const [index, item] of items.items.entries()) if (isMap(item)) yield [item, `mirror.${list}[${index}]`];
  }
}

function mapsOf(map: YAMLMap, key: string): YAMLMap[] {
  const list = map.get(key);
  return isSeq(list) ? list.items.filter((item): item is YAMLMap => isMap(item)) : [];
}

/** Path components of a catalog without host, tag and digest. */
function pathOf(catalog: string): readonly string[] {
  const bare = catalog.replace(/^[a-z]+:\/\//, "").replace(/@.*$/, "");
  return bare
    .replace(/:[^:/]*$/, "")
    .split("/")
    .slice(1);
}
