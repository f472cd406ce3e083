import { outputFlag } from "../../command/every-flags.ts";
import { flagList, flagText } from "../../command/flag.ts";
import { registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";
import type { OneCatalogFlags } from "./show.ts";

/** Flags of `skerry catalog graph`. */
export interface GraphFlags extends OneCatalogFlags {
  readonly output: string;
  readonly select: readonly string[];
  readonly "minimum-edge": string | undefined;
}

/** `skerry catalog graph`. */
export const catalogGraph: Command = command<GraphFlags>({
  brief: "draw the upgrades of a package",
  positionals: [{ name: "PACKAGE", brief: "name of the package", count: "one" }],
  flags: {
    catalog: flagText("an image, layout, folder, file, .db, or - for stdin (required)", { placeholder: "CATALOG" }),
    select: flagList('mark what this selection keeps: PACKAGE[/CHANNEL][@VERSION or "RANGE"]; PACKAGE may be left out', {
      placeholder: "SELECT",
    }),
    "minimum-edge": flagText("leave out what is older than this bundle", { placeholder: "BUNDLE" }),
    output: outputFlag(["text", "svg", "mermaid", "json", "yaml", "name"]),
    ...registryFlags,
  },
  examples: [
    { command: "skerry catalog graph etcd --catalog ./catalog -o svg > etcd.svg", does: "a picture" },
    { command: 'skerry catalog graph etcd --catalog ./catalog --select "@>=0.9.0"', does: "with what that range keeps marked" },
  ],
  load: () => import("./graph.run.ts"),
});
