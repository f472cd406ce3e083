import { type Command, command } from "../../command/types.ts";
import { pickFlags } from "../mirror/set-flags.ts";
import { LOCK_FILE, type LockFileFlags } from "./lock-file.ts";

/** `skerry lock show`. */
export const lockShow: Command = command<LockFileFlags>({
  brief: "what a lock holds: catalogs, packages, images, bytes",
  positionals: [LOCK_FILE],
  flags: pickFlags("name", "workspace"),
  examples: [
    { command: "skerry lock show", does: "the lock of ./skerry-imageset" },
    { command: "skerry lock show -o name release.lock", does: "every image's source reference" },
  ],
  load: () => import("./show.run.ts"),
});
