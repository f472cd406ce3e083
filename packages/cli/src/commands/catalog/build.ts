import { type ContentFlags, contentFlags } from "../../command/content-flags.ts";
import { choice, flagOptional, flagText } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry catalog build`. */
export interface CatalogBuildFlags extends RegistryFlags, Pick<ContentFlags, "platform" | "filter-by-os"> {
  readonly to: string | undefined;
  readonly from: string | undefined;
  readonly format: "fbc" | "sqlite" | undefined;
}

/** `skerry catalog build`. */
export const catalogBuild: Command = command<CatalogBuildFlags>({
  brief: "build a catalog image and push it",
  details: [
    "Without --from the image holds the catalog's files only, for clusters that extract them (from 4.15). The same catalog over the\nsame base gives the same digest on every machine.",
  ],
  positionals: [{ name: "CATALOG", brief: "an image, layout, folder, file, .db, or - for stdin", count: "one" }],
  flags: {
    to: flagText("REF or LAYOUT to push to (required)", { placeholder: "REF" }),
    from: flagText("base image with a catalog server in it", { placeholder: "REF", defaultText: "from scratch" }),
    format: flagOptional("what the image serves", (text) => choice(text, ["fbc", "sqlite"] as const), {
      placeholder: "fbc|sqlite",
      defaultText: "what the base can serve",
    }),
    platform: contentFlags.platform,
    "filter-by-os": contentFlags["filter-by-os"],
    ...registryFlags,
  },
  examples: [
    {
      command: "skerry catalog build ./catalog --from quay.io/operator-framework/opm:latest --to mirror.example.com:8443/catalogs/own:v1",
      does: "an image that serves a folder",
    },
  ],
  exits: [4],
  load: () => import("./build.run.ts"),
});
