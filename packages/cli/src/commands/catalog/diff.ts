import { type SizesFlag, sizesFlag } from "../../catalogs/sizes-flag.ts";
import { flagSwitch } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry catalog diff`. */
export interface CatalogDiffFlags extends RegistryFlags, SizesFlag {
  readonly "exit-code": boolean;
}

/** `skerry catalog diff`. */
export const catalogDiff: Command = command<CatalogDiffFlags>({
  brief: "compare two catalogs: packages, channels, heads, bundles, images",
  details: ["With --sizes also the bytes that come and go; what both catalogs need counts for neither."],
  positionals: [
    { name: "BEFORE", brief: "an image, layout, folder, file or .db", count: "one" },
    { name: "AFTER", brief: "the same, to compare with", count: "one" },
  ],
  flags: { "exit-code": flagSwitch("end with 6 when they differ"), ...sizesFlag, ...registryFlags },
  examples: [{ command: "skerry catalog diff quay.io/org/catalog:v4.19 quay.io/org/catalog:v4.20", does: "what a new release brings" }],
  exits: [6],
  load: () => import("./diff.run.ts"),
});
