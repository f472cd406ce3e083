import { open } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { CatalogError } from "../errors.ts";

/** Tables of a catalog database; a database of an older schema lacks some. */
const TABLES = [
  "package",
  "channel",
  "channel_entry",
  "operatorbundle",
  "related_image",
  "api_provider",
  "api_requirer",
  "dependencies",
  "properties",
  "deprecated",
] as const;

export type CatalogTable = (typeof TABLES)[number];

/** A catalog database, open for reading, with the columns it really has. */
export interface CatalogDatabase {
  readonly database: DatabaseSync;
  /** Version of `schema_migrations`; undefined when that table is missing. */
  readonly version: number | undefined;
  has(table: CatalogTable, column?: string): boolean;
  close(): void;
}

const MAGIC = "SQLite format 3\0";

/** True for a file that begins as SQLite databases do. */
export async function isSqliteFile(path: string): Promise<boolean> {
  await using file = await open(path, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
  return bytesRead === 16 && buffer.toString("latin1") === MAGIC;
}

/**
 * Opens a catalog database of any schema version. The file is not touched, not even by a lock or journal beside it;
 * views and functions of its schema are not trusted.
 * @throws CatalogError `SQLITE_INVALID` when it is no database or not one of a catalog
 */
export async function openCatalogDatabase(path: string): Promise<CatalogDatabase> {
  if (!(await isSqliteFile(path))) throw invalid(path, "it does not begin as a SQLite database");
  const location = pathToFileURL(path);
  location.searchParams.set("immutable", "1");
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(location, { readOnly: true, enableForeignKeyConstraints: false });
    database.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA query_only = ON; PRAGMA cache_size = -8192");
    const columns = columnsOf(database);
    for (const table of ["package", "channel", "channel_entry", "operatorbundle"] as const) {
      if (!columns.has(table)) throw invalid(path, `it has no table ${table}`);
    }
    const opened = database;
    return {
      database,
      version: schemaVersion(database),
      has: (table, column) => (column === undefined ? columns.has(table) : columns.get(table)?.has(column) === true),
      close: () => opened.close(),
    };
  } catch (error) {
    database?.close();
    throw sqliteError(path, error);
  }
}

/** A fault of SQLite as an error of this package. */
export function sqliteError(path: string, error: unknown): unknown {
  if (error instanceof CatalogError || !(error instanceof Error) || !("code" in error) || error.code !== "ERR_SQLITE_ERROR") return error;
  return invalid(path, error.message, error);
}

/** Only real tables count: a view of the same name could run for ever. */
function columnsOf(database: DatabaseSync): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>();
  const tables = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
    .all()
    .map((row) => String(row["name"]));
  for (const table of TABLES) {
    if (!tables.includes(table)) continue;
    const columns = database.prepare(`PRAGMA table_info(${table})`).all();
    found.set(table, new Set(columns.map((column) => String(column["name"]))));
  }
  return found;
}

function schemaVersion(database: DatabaseSync): number | undefined {
  const exists = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'").get();
  if (exists === undefined) return undefined;
  const version = database.prepare("SELECT max(version) AS version FROM schema_migrations").get()?.["version"];
  return typeof version === "number" ? version : undefined;
}

function invalid(path: string, why: string, cause?: unknown): CatalogError {
  return new CatalogError({
    code: "SQLITE_INVALID",
    message: `Cannot read ${path} as a catalog database: ${why}`,
    subject: path,
    hint: "Name the database of an operator registry, such as /database/index.db of an index image.",
    cause,
  });
}
