import type { SQLInputValue } from "node:sqlite";
import type { GroupVersionKind } from "../bundle/bundle-apis.ts";
import { asRequirement, kindProperty, sortedProperties } from "../bundle/bundle-properties.ts";
import { isCsv } from "../bundle/read-bundle.ts";
import { asObject, type JsonObject } from "../document/shape.ts";
import { csvRelatedImages } from "../images/csv-images.ts";
import type { Bundle, CatalogProblem, Property, RelatedImageEntry } from "../types.ts";
import { byBytes, Members } from "../write/go-json.ts";
import { splitObjects } from "./json-objects.ts";
import type { CatalogDatabase } from "./open-database.ts";
import { text } from "./read-graph.ts";

/** A bundle out of a database. */
export interface DatabaseBundle {
  readonly bundle: Bundle;
  readonly csv?: JsonObject;
  readonly problems: readonly CatalogProblem[];
}

/** Largest text that is taken out of one column; the largest published bundle has 7 MB. */
const MAX_TEXT = 64 * 1024 * 1024;

/**
 * One bundle with the properties that opm gives it: those of the tables `properties` and `dependencies`, its package and
 * version, the kinds of `api_provider` and `api_requirer`, and its manifests.
 */
export function readBundleRow(catalog: CatalogDatabase, at: { readonly package: string; readonly name: string }): DatabaseBundle {
  const row = bundleRow(catalog, at.name);
  const problems: CatalogProblem[] = [];
  const objects = manifests(row, (why) => problems.push(unreadable(at, why)));
  const manifest = objects.map(parsed).find((object) => object !== undefined && isCsv(object));
  const csv = parsed(row.csv) ?? manifest;
  const declared = declaredProperties(catalog, at.name);
  const kinds = [
    ...apis(catalog, "api_provider", at.name).map((kind) => kindProperty("olm.gvk", kind)),
    ...apis(catalog, "api_requirer", at.name).map((kind) => kindProperty("olm.gvk.required", kind)),
  ];
  const isPackaged = declared.some((property) => property.type === "olm.package");
  const properties = sortedProperties([
    ...declared,
    ...kinds,
    ...(isPackaged
      ? []
      : [
          {
            type: "olm.package",
            value: new Members([
              ["packageName", at.package],
              ["version", row.version],
            ]),
          },
        ]),
    ...objects.map((object) => ({ type: "olm.bundle.object", value: { data: Buffer.from(object).toString("base64") } })),
  ]);
  const relatedImages = manifest === undefined ? relatedRows(catalog, at.name, csv) : relatedImagesOf(catalog, at.name, { manifest, csv });
  return {
    bundle: { name: at.name, package: at.package, image: row.bundlepath, properties, relatedImages },
    ...(csv === undefined ? {} : { csv }),
    problems,
  };
}

interface BundleRow {
  readonly csv: string;
  readonly bundle: string;
  readonly bundlepath: string;
  readonly version: string;
}

function bundleRow(catalog: CatalogDatabase, name: string): BundleRow {
  const column = (own: string): string => (catalog.has("operatorbundle", own) ? own : "''");
  const bounded = (own: string): string => `CASE WHEN length(${column(own)}) > ${MAX_TEXT} THEN '!' ELSE ${column(own)} END AS ${own}`;
  const row = catalog.database
    .prepare(
      `SELECT ${bounded("csv")}, ${bounded("bundle")}, ${column("bundlepath")} AS bundlepath, ${column("version")} AS version FROM operatorbundle WHERE name = ?`,
    )
    .get(name);
  const csv = text(row?.["csv"]);
  const version = text(row?.["version"]);
  return {
    csv,
    bundle: text(row?.["bundle"]),
    bundlepath: text(row?.["bundlepath"]),
    // Before schema 5 only the CSV knows the version.
    version: version === "" ? csvVersion(csv) : version,
  };
}

function csvVersion(csv: string): string {
  const version = asObject(parsed(csv)?.["spec"])?.["version"];
  return typeof version === "string" ? version : "";
}

function manifests(row: BundleRow, report: (why: string) => void): readonly string[] {
  if (row.bundle === "") return [];
  const objects = splitObjects(row.bundle);
  if (objects === undefined || objects.some((object) => parsed(object) === undefined)) {
    report("its manifests are not readable");
    return [];
  }
  return objects;
}

function declaredProperties(catalog: CatalogDatabase, name: string): readonly Property[] {
  const rows = (table: "properties" | "dependencies"): Property[] =>
    catalog.has(table)
      ? all(catalog, `SELECT DISTINCT type, value FROM ${table} WHERE operatorbundle_name = ?`, name).map((row) => ({
          type: text(row["type"]),
          value: jsonValue(text(row["value"])),
        }))
      : [];
  return [...rows("properties"), ...rows("dependencies").map(asRequirement)];
}

/** The tables hang on channel entries before schema 6, on bundles after it. */
function apis(catalog: CatalogDatabase, table: "api_provider" | "api_requirer", name: string): readonly GroupVersionKind[] {
  if (!catalog.has(table)) return [];
  const where = catalog.has(table, "operatorbundle_name")
    ? "operatorbundle_name = ?"
    : "channel_entry_id IN (SELECT entry_id FROM channel_entry WHERE operatorbundle_name = ?)";
  return all(catalog, `SELECT DISTINCT group_name, version, kind FROM ${table} WHERE ${where}`, name).map((row) => ({
    group: text(row["group_name"]),
    version: text(row["version"]),
    kind: text(row["kind"]),
    plural: "",
  }));
}

/**
 * Images as opm's conversion has them: those of the CSV among the manifests with their names, then what else the table
 * holds, once each. An empty row that no manifest explains takes the text under `value` from the column `csv`.
 */
function relatedImagesOf(
  catalog: CatalogDatabase,
  name: string,
  csvs: { readonly manifest: JsonObject; readonly csv: JsonObject | undefined },
): readonly RelatedImageEntry[] {
  const named = csvRelatedImages(csvs.manifest).map(asEntry);
  const known = new Set(named.map((entry) => entry.image));
  const rows = catalog.has("related_image")
    ? all(catalog, "SELECT DISTINCT image FROM related_image WHERE operatorbundle_name = ? AND image IS NOT NULL", name)
    : [];
  const broken = csvs.csv === undefined ? [] : csvRelatedImages(csvs.csv).filter((entry) => entry.image === "");
  const unnamed = rows
    .map((row) => text(row["image"]))
    .filter((image) => !known.has(image))
    .flatMap((image): readonly RelatedImageEntry[] => (image === "" && broken.length > 0 ? broken.map(asEntry) : [{ name: "", image }]));
  return [...named, ...unnamed].sort((a, b) => byBytes(a.image, b.image));
}

function asEntry({ name, image, value }: ReturnType<typeof csvRelatedImages>[number]): RelatedImageEntry {
  return { name, image, ...(value === undefined ? {} : { value }) };
}

/**
 * Without manifests: images of the table `related_image`. It has no names, so they come from the CSV; it has an empty row where the CSV says `value` instead of `image`:
 * such rows take name and text from the CSV, in order, so that they can be repaired.
 */
function relatedRows(catalog: CatalogDatabase, name: string, csv: JsonObject | undefined): readonly RelatedImageEntry[] {
  if (!catalog.has("related_image")) return [];
  const images = all(catalog, "SELECT image FROM related_image WHERE operatorbundle_name = ?", name).map((row) => text(row["image"]));
  const listed = csv === undefined ? [] : csvRelatedImages(csv);
  const names = Map.groupBy(listed, (entry) => entry.image);
  const broken = listed.filter((entry) => entry.image === "");
  const entries = images.map((image): RelatedImageEntry => {
    const lost = image === "" ? broken.shift() : undefined;
    return {
      name: lost?.name ?? nextName(names.get(image)),
      image,
      ...(lost?.value === undefined ? {} : { value: lost.value }),
    };
  });
  return entries.sort((a, b) => byBytes(a.image, b.image));
}

/** Names of one image in their order; the last one stays for further rows. */
function nextName(entries: { readonly name: string }[] | undefined): string {
  if (entries === undefined) return "";
  return (entries.length > 1 ? entries.shift() : entries[0])?.name ?? "";
}

function all(catalog: CatalogDatabase, sql: string, ...parameters: SQLInputValue[]): readonly Record<string, unknown>[] {
  return catalog.database.prepare(sql).all(...parameters);
}

function parsed(json: string): JsonObject | undefined {
  return asObject(jsonValue(json));
}

function jsonValue(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

function unreadable(at: { readonly package: string; readonly name: string }, why: string): CatalogProblem {
  return {
    code: "PACKAGE_INVALID",
    severity: "warning",
    subject: at.name,
    package: at.package,
    bundle: at.name,
    action: "kept",
    message: `Bundle ${at.name} of package ${at.package} is kept without manifests: ${why}`,
    hint: "Its image holds them; nothing else is to be done.",
  };
}
