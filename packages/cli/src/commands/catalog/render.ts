import { parseMigrateLevel } from "../../catalogs/migrate-level.ts";
import { outputFlag } from "../../command/every-flags.ts";
import { choice, flagOptional, flagParsed, flagText } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry catalog render`. */
export interface RenderFlags extends RegistryFlags {
  readonly output: string;
  readonly "migrate-level": "none" | "csv-metadata";
  readonly "image-ref-template": string | undefined;
  readonly template: "basic" | "semver" | "substitutes" | undefined;
}

/** `skerry catalog render`. */
export const catalogRender: Command = command<RenderFlags>({
  brief: "print a catalog as a file-based catalog, in opm's forms",
  details: ["-o json prints concatenated objects and -o yaml documents, as `opm render` does."],
  positionals: [{ name: "CATALOG", brief: "an image, layout, folder, file, .db, or - for stdin", count: "some" }],
  flags: {
    output: outputFlag(["json", "yaml"], "json"),
    template: flagOptional("CATALOG is a template file of this kind", (text) => choice(text, ["basic", "semver", "substitutes"] as const), {
      placeholder: "basic|semver|substitutes",
    }),
    "migrate-level": flagParsed("csv-metadata replaces inline manifests by what a catalog server needs", parseMigrateLevel, {
      placeholder: "none|csv-metadata",
      default: "none",
    }),
    "image-ref-template": flagText("image of a bundle folder: text with {{.Package}}, {{.Name}} and {{.Version}}", {
      placeholder: "TEMPLATE",
      aliases: ["alpha-image-ref-template"],
    }),
    ...registryFlags,
  },
  examples: [{ command: "skerry catalog render index.db > catalog.json", does: "a database as a file-based catalog" }],
  load: () => import("./render.run.ts"),
});
