import { flagSwitch } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";

export interface DiffArchiveFlags {
  readonly "exit-code": boolean;
}

/** `skerry archive diff`. */
export const archiveDiff: Command = command<DiffArchiveFlags>({
  brief: "images, versions and bytes that come and go between two archives",
  positionals: [
    { name: "DIR", brief: "the earlier archive", count: "one" },
    { name: "DIR", brief: "the later archive", count: "one" },
  ],
  flags: { "exit-code": flagSwitch("end with 6 when they differ") },
  examples: [{ command: "skerry archive diff /media/january /media/february", does: "what the later one brings" }],
  exits: [6],
  load: () => import("./diff.run.ts"),
});
