import type { ChannelEntry } from "../types.ts";
import { byBytes } from "../write/go-json.ts";
import type { CatalogDatabase } from "./open-database.ts";

/** A package of a database with its channels; only bundles that are there and not deprecated are entries. */
export interface DatabasePackage {
  readonly name: string;
  readonly defaultChannel: string;
  /** Sorted by name. */
  readonly channels: readonly { readonly name: string; readonly head: string; readonly entries: readonly ChannelEntry[] }[];
  /** Sorted. */
  readonly bundles: readonly string[];
}

interface EntryRow {
  readonly package: string;
  readonly channel: string;
  readonly bundle: string;
  readonly replaces: string;
  readonly depth: number;
}

/**
 * Packages, channels and upgrade edges of a database. A row of `channel_entry` is one edge: of the rows of one bundle in
 * one channel, the one of the least depth holds what it replaces and all others what it skips. Bundles marked
 * `olm.deprecated` are left out, as opm's conversion does.
 */
export function readGraph(catalog: CatalogDatabase): readonly DatabasePackage[] {
  const ranges = skipRanges(catalog);
  const deprecated = deprecatedBundles(catalog);
  const channels = new Map<string, Map<string, EntryRow[]>>();
  for (const row of entryRows(catalog)) {
    if (!ranges.has(row.bundle) || deprecated.has(row.bundle)) continue;
    const key = `${row.package}\0${row.channel}`;
    const bundles = channels.get(key) ?? new Map<string, EntryRow[]>();
    bundles.set(row.bundle, [...(bundles.get(row.bundle) ?? []), row]);
    channels.set(key, bundles);
  }
  return packageRows(catalog).map(({ name, defaultChannel }) => {
    const own = channelRows(catalog, name).flatMap((channel) => {
      const bundles = channels.get(`${name}\0${channel.name}`);
      if (bundles === undefined) return [];
      const entries = [...bundles]
        .map(([bundle, rows]) => entry(bundle, rows, ranges.get(bundle) ?? ""))
        .sort((a, b) => byBytes(a.name, b.name));
      return [{ ...channel, entries }];
    });
    const bundles = new Set(own.flatMap((channel) => channel.entries.map((one) => one.name)));
    return { name, defaultChannel, channels: own, bundles: [...bundles].sort(byBytes) };
  });
}

function entry(name: string, rows: readonly EntryRow[], skipRange: string): ChannelEntry {
  const [first, ...others] = rows.toSorted((a, b) => a.depth - b.depth);
  const skips = others.map((row) => row.replaces).filter((skipped) => skipped !== "");
  return {
    name,
    ...(first === undefined || first.replaces === "" ? {} : { replaces: first.replaces }),
    ...(skips.length === 0 ? {} : { skips: [...new Set(skips)] }),
    ...(skipRange === "" ? {} : { skipRange }),
  };
}

function* entryRows(catalog: CatalogDatabase): Generator<EntryRow> {
  const rows = catalog.database
    .prepare(
      `SELECT e.package_name AS package, e.channel_name AS channel, e.operatorbundle_name AS bundle, r.operatorbundle_name AS replaces, e.depth AS depth
       FROM channel_entry e LEFT JOIN channel_entry r ON r.entry_id = e.replaces ORDER BY e.depth, e.entry_id`,
    )
    .iterate();
  for (const row of rows) {
    yield {
      package: text(row["package"]),
      channel: text(row["channel"]),
      bundle: text(row["bundle"]),
      replaces: text(row["replaces"]),
      depth: typeof row["depth"] === "number" ? row["depth"] : 0,
    };
  }
}

function packageRows(catalog: CatalogDatabase): { name: string; defaultChannel: string }[] {
  return catalog.database
    .prepare("SELECT name, default_channel FROM package")
    .all()
    .map((row) => ({ name: text(row["name"]), defaultChannel: text(row["default_channel"]) }))
    .sort((a, b) => byBytes(a.name, b.name));
}

function channelRows(catalog: CatalogDatabase, packageName: string): { name: string; head: string }[] {
  return catalog.database
    .prepare("SELECT name, head_operatorbundle_name AS head FROM channel WHERE package_name = ?")
    .all(packageName)
    .map((row) => ({ name: text(row["name"]), head: text(row["head"]) }))
    .sort((a, b) => byBytes(a.name, b.name));
}

/** Every bundle that is there, with its `skipRange`, empty before schema 5. */
function skipRanges(catalog: CatalogDatabase): ReadonlyMap<string, string> {
  const column = catalog.has("operatorbundle", "skiprange") ? "skiprange" : "''";
  const rows = catalog.database.prepare(`SELECT name, ${column} AS skiprange FROM operatorbundle`).all();
  return new Map(rows.map((row) => [text(row["name"]), text(row["skiprange"])]));
}

function deprecatedBundles(catalog: CatalogDatabase): ReadonlySet<string> {
  if (!catalog.has("properties")) return new Set();
  const rows = catalog.database.prepare("SELECT DISTINCT operatorbundle_name AS name FROM properties WHERE type = 'olm.deprecated'").all();
  return new Set(rows.map((row) => text(row["name"])));
}

/** The text of a column; empty for NULL and for what is no text. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : "";
}
