import { choice } from "../command/flag.ts";

/** How far inline manifests are taken out of bundles. opm's own word for the second level is understood too. */
export function parseMigrateLevel(text: string): "none" | "csv-metadata" {
  return text === "bundle-object-to-csv-metadata" ? "csv-metadata" : choice(text, ["none", "csv-metadata"] as const);
}
