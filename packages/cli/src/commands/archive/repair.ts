import { type Command, command } from "../../command/types.ts";

/** `skerry archive repair`. */
export const archiveRepair: Command = command<Record<never, never>>({
  brief: "rebuild the contents file from the volumes, and say which blobs are lost",
  positionals: [{ name: "DIR", brief: "folder with the volumes, or file://DIR", count: "one" }],
  flags: {},
  examples: [{ command: "skerry archive repair /media/disk", does: "exit 5 when something is lost" }],
  exits: [5],
  load: () => import("./repair.run.ts"),
});
