import { flagSwitch } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";

export interface ShowFlags {
  readonly images: boolean;
  readonly packages: boolean;
}

/** `skerry archive show`. */
export const archiveShow: Command = command<ShowFlags>({
  brief: "contents of an archive, without reading its volumes",
  positionals: [{ name: "DIR", brief: "folder of an archive, or file://DIR", count: "one" }],
  flags: { images: flagSwitch("list the images"), packages: flagSwitch("list the packages of its catalogs") },
  examples: [{ command: "skerry archive show --packages /media/disk", does: "operators and versions in it" }],
  load: () => import("./show.run.ts"),
});
