import { parseMigrateLevel } from "../../catalogs/migrate-level.ts";
import { flagParsed } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry catalog migrate`. */
export interface MigrateFlags extends RegistryFlags {
  readonly "migrate-level": "none" | "csv-metadata";
}

/** `skerry catalog migrate`. */
export const catalogMigrate: Command = command<MigrateFlags>({
  brief: "write a whole catalog as a file-based catalog",
  positionals: [
    { name: "CATALOG", brief: "an image, layout, folder, file, .db, or - for stdin", count: "one" },
    { name: "DIR", brief: "folder to write to; must be empty or not there", count: "one" },
  ],
  flags: {
    "migrate-level": flagParsed(
      "csv-metadata replaces inline manifests by what a catalog server needs (OpenShift 4.17 and later)",
      parseMigrateLevel,
      { placeholder: "none|csv-metadata", default: "none" },
    ),
    ...registryFlags,
  },
  examples: [
    { command: "skerry catalog migrate index.db ./catalog --migrate-level csv-metadata", does: "a database as a small file-based catalog" },
  ],
  exits: [4],
  load: () => import("./migrate.run.ts"),
});
