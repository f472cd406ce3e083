import { open, rm } from "node:fs/promises";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { csvOf } from "../bundle/synthesised-csv.ts";
import { asObject, asText, type JsonObject, member } from "../document/shape.ts";
import { onDisk } from "../image/io-failure.ts";
import type { Bundle, Catalog, CatalogProblem, ChannelEntry, Property, Selected, SelectedPackage } from "../types.ts";
import { byBytes, goJson } from "../write/go-json.ts";
import { RepairBook } from "../write/repairs.ts";
import { type ChannelRow, channelHead, channelRows } from "./channel-rows.ts";
import { SCHEMA, SCHEMA_VERSION } from "./schema.ts";

export interface WriteDatabaseOptions {
  /** Rows of `bundleImages` and `repairFromBundleImage`: references are written as repaired. */
  readonly repairs?: readonly CatalogProblem[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Written into the header instead of SQLite's own version, which would change the bytes with every Node. */
const LIBRARY_VERSION = 3_045_000;

/**
 * Writes the selected part of a catalog as a database of schema 13, for clusters whose catalog servers know nothing else.
 * What a database has no place for (deprecations, package descriptions, other schemas) is left out and told in rows. The
 * same input gives the same bytes with one version of SQLite.
 * @throws CatalogError when a bundle cannot be read, `IO_FAILED` when the disk is full or the file is there
 */
export function writeDatabase(
  what: { readonly catalog: Catalog; readonly selected: Selected },
  path: string,
  options: WriteDatabaseOptions = {},
): Promise<readonly CatalogProblem[]> {
  return onDisk({ action: "write database", path }, () => written(what, path, options));
}

async function written(
  what: { readonly catalog: Catalog; readonly selected: Selected },
  path: string,
  options: WriteDatabaseOptions = {},
): Promise<readonly CatalogProblem[]> {
  await (await open(path, "wx", 0o600)).close();
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; BEGIN");
    for (const statement of SCHEMA) database.exec(statement);
    const writer = new DatabaseWriter(database);
    writer.insert("schema_migrations", { version: SCHEMA_VERSION, timestamp: "1970-01-01 00:00:00" });
    const repairs = new RepairBook(options.repairs ?? []);
    for (const chosen of what.selected.packages.toSorted((a, b) => byBytes(a.name, b.name))) {
      options.signal?.throwIfAborted();
      await writePackage(writer, { catalog: what.catalog, chosen, repairs });
    }
    database.exec("COMMIT");
  } catch (error) {
    database.close();
    await rm(path, { force: true });
    throw error;
  }
  database.close();
  await stampHeader(path);
  return lost(what.catalog, what.selected);
}

/** Inserts with one prepared statement a table and set of columns. */
class DatabaseWriter {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #kinds = new Set<string>();
  nextEntry = 1;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  insert(table: string, row: Readonly<Record<string, SQLInputValue>>): void {
    const columns = Object.keys(row);
    const key = `${table} (${columns.join(", ")})`;
    let statement = this.#statements.get(key);
    if (statement === undefined) {
      statement = this.#database.prepare(`INSERT INTO ${key} VALUES (${columns.map(() => "?").join(", ")})`);
      this.#statements.set(key, statement);
    }
    statement.run(...Object.values(row));
  }

  /** A kind that some bundle provides or requires, once. Catalogs do not keep the plural, so it is the kind in small letters. */
  kind(value: unknown): { readonly group_name: string; readonly version: string; readonly kind: string } {
    const kind = {
      group_name: asText(member(value, "group")),
      version: asText(member(value, "version")),
      kind: asText(member(value, "kind")),
    };
    const key = JSON.stringify(kind);
    if (!this.#kinds.has(key)) this.insert("api", { ...kind, plural: kind.kind.toLowerCase() });
    this.#kinds.add(key);
    return kind;
  }
}

interface PackageSource {
  readonly catalog: Catalog;
  readonly chosen: SelectedPackage;
  readonly repairs: RepairBook;
}

async function writePackage(writer: DatabaseWriter, source: PackageSource): Promise<void> {
  const { catalog, chosen } = source;
  writer.insert("package", { name: chosen.name, default_channel: chosen.defaultChannel });
  const rows: ChannelRow[] = [];
  const entries = new Map<string, ChannelEntry>();
  const ordered = chosen.channels.toSorted(
    (a, b) => Number(b.name === chosen.defaultChannel) - Number(a.name === chosen.defaultChannel) || byBytes(a.name, b.name),
  );
  for (const channel of ordered) {
    const head = channel.head === "" ? (channelHead(channel.entries) ?? null) : channel.head;
    writer.insert("channel", { name: channel.name, package_name: chosen.name, head_operatorbundle_name: head });
    for (const row of channelRows(channel.entries, writer.nextEntry)) {
      writer.insert("channel_entry", {
        entry_id: row.id,
        channel_name: channel.name,
        package_name: chosen.name,
        operatorbundle_name: row.bundle,
        replaces: row.replaces,
        depth: row.depth,
      });
      writer.nextEntry = Math.max(writer.nextEntry, row.id + 1);
      rows.push(row);
    }
    for (const entry of channel.entries) if (!entries.has(entry.name)) entries.set(entry.name, entry);
  }
  const info = await packageInfo(catalog, chosen.name);
  for (const name of chosen.bundles.toSorted(byBytes)) {
    const bundle = source.repairs.apply(await catalog.bundle(chosen.name, name));
    writeBundle(writer, bundle, { info, entry: entries.get(name), rows: rows.filter((row) => row.bundle === name) });
  }
}

interface BundleContext {
  readonly info: { readonly icon?: JsonObject; readonly description?: string };
  readonly entry: ChannelEntry | undefined;
  readonly rows: readonly ChannelRow[];
}

function writeBundle(writer: DatabaseWriter, bundle: Bundle, context: BundleContext): void {
  const objects = bundle.properties
    .filter((property) => property.type === "olm.bundle.object")
    .map((property) => Buffer.from(asText(member(property.value, "data")), "base64").toString("utf8"));
  const csv = csvOf(bundle, context.info);
  const version = asText(member(bundle.properties.find((property) => property.type === "olm.package")?.value, "version"));
  writer.insert("operatorbundle", {
    name: bundle.name,
    csv: csv === undefined ? null : goJson(csv),
    bundle: objects.length === 0 ? null : objects.join(""),
    bundlepath: bundle.image,
    skiprange: context.entry?.skipRange ?? "",
    version,
    replaces: context.entry?.replaces ?? "",
    skips: (context.entry?.skips ?? []).join(","),
    substitutesfor: "",
  });
  for (const image of bundle.relatedImages) writer.insert("related_image", { image: image.image, operatorbundle_name: bundle.name });
  const key = { operatorbundle_name: bundle.name, operatorbundle_version: version, operatorbundle_path: bundle.image };
  for (const property of bundle.properties) writeProperty(writer, property, { key, rows: context.rows });
}

function writeProperty(
  writer: DatabaseWriter,
  property: Property,
  at: { readonly key: Readonly<Record<string, string>>; readonly rows: readonly ChannelRow[] },
): void {
  if (property.type === "olm.bundle.object") return;
  const provides = property.type === "olm.gvk" ? "api_provider" : property.type === "olm.gvk.required" ? "api_requirer" : undefined;
  if (provides !== undefined) {
    const kind = writer.kind(property.value);
    for (const row of at.rows) writer.insert(provides, { ...kind, ...at.key, channel_entry_id: row.id });
    if (at.rows.length === 0) writer.insert(provides, { ...kind, ...at.key, channel_entry_id: null });
  }
  const dependency = asDependency(property);
  if (dependency !== undefined) writer.insert("dependencies", { type: dependency.type, value: goJson(dependency.value), ...at.key });
  else writer.insert("properties", { type: property.type, value: goJson(property.value), ...at.key });
}

/** Catalogs say `.required` where the table of dependencies says it by being that table. */
function asDependency(property: Property): Property | undefined {
  if (property.type === "olm.gvk.required") return { type: "olm.gvk", value: property.value };
  if (property.type !== "olm.package.required") return undefined;
  return {
    type: "olm.package",
    value: { packageName: member(property.value, "packageName"), version: member(property.value, "versionRange") },
  };
}

async function packageInfo(catalog: Catalog, name: string): Promise<BundleContext["info"]> {
  for await (const { body } of catalog.documents((document) => document.schema === "olm.package" && document.name === name)) {
    const icon = asObject(member(body, "icon"));
    return { description: asText(member(body, "description")), ...(icon === undefined ? {} : { icon }) };
  }
  return {};
}

/** Bytes 96 to 99 of a database name the library that wrote it, 92 to 95 when. SQLite "database file format". */
async function stampHeader(path: string): Promise<void> {
  await using file = await open(path, "r+");
  const version = Buffer.alloc(4);
  version.writeUInt32BE(LIBRARY_VERSION);
  await file.write(version, 0, 4, 96);
  await file.sync();
}

function lost(catalog: Catalog, selected: Selected): readonly CatalogProblem[] {
  return selected.packages
    .filter((chosen) => catalog.package(chosen.name)?.deprecations === true)
    .map((chosen) => ({
      code: "PACKAGE_INVALID",
      severity: "info",
      subject: chosen.name,
      package: chosen.name,
      action: "dropped",
      message: `The deprecations of package ${chosen.name} are left out: a catalog database has no place for them`,
      hint: "Use --format fbc where the cluster can serve it, from 4.11 on.",
    }));
}
