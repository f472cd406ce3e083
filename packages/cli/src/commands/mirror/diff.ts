import { flagSwitch } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";

export interface DiffFlags {
  readonly "exit-code": boolean;
}

/** `skerry diff`. */
export const diff: Command = command<DiffFlags>({
  brief: "show the images, versions and bytes that come and go between two locks",
  positionals: [
    { name: "LOCK", brief: "the earlier lock", count: "one" },
    { name: "LOCK", brief: "the later lock", count: "one" },
  ],
  flags: { "exit-code": flagSwitch("end with 6 when they differ") },
  examples: [{ command: "skerry diff last-month.lock skerry-imageset/imageset.lock", does: "what this month brings" }],
  exits: [6],
  load: () => import("./diff.run.ts"),
});
