import { envImagesFlag } from "../../catalogs/env-images-flag.ts";
import { type SizesFlag, sizesFlag } from "../../catalogs/sizes-flag.ts";
import { flagList, flagSwitch } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry catalog images`. */
export interface CatalogImagesFlags extends RegistryFlags, SizesFlag {
  readonly package: readonly string[];
  readonly "tags-only": boolean;
  readonly "env-images": boolean;
}

/** `skerry catalog images`. */
export const catalogImages: Command = command<CatalogImagesFlags>({
  brief: "list the images that the bundles of a catalog need",
  details: ["Without --package every bundle counts; with it what a mirror of that selection would take."],
  positionals: [{ name: "CATALOG", brief: "an image, layout, folder, file, .db, or - for stdin", count: "one" }],
  flags: {
    package: flagList('of this selection only: PACKAGE[/CHANNEL][@VERSION or "RANGE"]', { placeholder: "SELECT" }),
    "tags-only": flagSwitch("images that are named by tag only: IDMS does not cover them"),
    ...envImagesFlag,
    ...sizesFlag,
    ...registryFlags,
  },
  examples: [{ command: "skerry catalog images ./catalog --package etcd/stable -o name", does: "for a scanner" }],
  exits: [3],
  load: () => import("./images.run.ts"),
});
