import { type Command, command } from "../../command/types.ts";
import { LOCK_FILE, type LockFileFlags, lockFileFlags } from "./lock-file.ts";

/** `skerry lock show`. */
export const lockShow: Command = command<LockFileFlags>({
  brief: "show what a lock holds",
  positionals: [LOCK_FILE],
  flags: lockFileFlags,
  examples: [
    { command: "skerry lock show skerry-imageset/imageset.lock", does: "catalogs, packages, versions, sizes, problems" },
    { command: "skerry lock show -o name", does: "every image, one a line" },
  ],
  load: () => import("./show.run.ts"),
});
