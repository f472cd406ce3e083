/** Version of the schema that is written: the last one there was. operator-registry "pkg/sqlite/migrations". */
export const SCHEMA_VERSION = 13;

const BUNDLE_KEY = "operatorbundle_name TEXT, operatorbundle_version TEXT, operatorbundle_path TEXT";
const BUNDLE_REFERENCE =
  "FOREIGN KEY(operatorbundle_name, operatorbundle_version, operatorbundle_path) REFERENCES operatorbundle(name, version, bundlepath) ON DELETE CASCADE";
const API_COLUMNS = "group_name TEXT, version TEXT, kind TEXT";
const API_REFERENCE = "FOREIGN KEY(group_name, version, kind) REFERENCES api(group_name, version, kind) ON DELETE CASCADE";

/**
 * Tables of a catalog database. `channel_entry_id` is a column of schemas before 6 that later servers do not look at:
 * with it, the servers of 4.3 and 4.4 can ask the questions that they know.
 */
export const SCHEMA: readonly string[] = [
  "CREATE TABLE schema_migrations (version bigint NOT NULL, timestamp DATETIME DEFAULT CURRENT_TIMESTAMP)",
  "CREATE TABLE operatorbundle (name TEXT PRIMARY KEY, csv TEXT, bundle TEXT, bundlepath TEXT, skiprange TEXT, version TEXT, replaces TEXT, skips TEXT, substitutesfor TEXT)",
  "CREATE UNIQUE INDEX pk ON operatorbundle(name, version, bundlepath)",
  "CREATE TABLE package (name TEXT PRIMARY KEY, default_channel TEXT, FOREIGN KEY(name, default_channel) REFERENCES channel(package_name, name) ON DELETE CASCADE)",
  "CREATE TABLE channel (name TEXT, package_name TEXT, head_operatorbundle_name TEXT, PRIMARY KEY(name, package_name), FOREIGN KEY(head_operatorbundle_name) REFERENCES operatorbundle(name) ON DELETE CASCADE)",
  "CREATE TABLE channel_entry (entry_id INTEGER PRIMARY KEY, channel_name TEXT, package_name TEXT, operatorbundle_name TEXT, replaces INTEGER, depth INTEGER, FOREIGN KEY(replaces) REFERENCES channel_entry(entry_id) DEFERRABLE INITIALLY DEFERRED, FOREIGN KEY(channel_name, package_name) REFERENCES channel(name, package_name) ON DELETE CASCADE)",
  "CREATE TABLE related_image (image TEXT, operatorbundle_name TEXT, FOREIGN KEY(operatorbundle_name) REFERENCES operatorbundle(name) ON DELETE CASCADE)",
  "CREATE TABLE api (group_name TEXT, version TEXT, kind TEXT, plural TEXT NOT NULL, PRIMARY KEY(group_name, version, kind))",
  `CREATE TABLE api_provider (${API_COLUMNS}, ${BUNDLE_KEY}, channel_entry_id INTEGER, ${BUNDLE_REFERENCE} DEFERRABLE INITIALLY DEFERRED, ${API_REFERENCE})`,
  `CREATE TABLE api_requirer (${API_COLUMNS}, ${BUNDLE_KEY}, channel_entry_id INTEGER, ${BUNDLE_REFERENCE} DEFERRABLE INITIALLY DEFERRED, ${API_REFERENCE})`,
  `CREATE TABLE dependencies (type TEXT, value TEXT, ${BUNDLE_KEY}, ${BUNDLE_REFERENCE})`,
  `CREATE TABLE properties (type TEXT, value TEXT, ${BUNDLE_KEY}, ${BUNDLE_REFERENCE})`,
  "CREATE TABLE deprecated (operatorbundle_name TEXT PRIMARY KEY)",
];
