import { flagText } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";
import { pickFlags } from "../mirror/set-flags.ts";
import { LOCK_FILE } from "./lock-file.ts";
import type { LockKeyFlags } from "./sign.ts";

/** `skerry lock verify`. */
export const lockVerify: Command = command<LockKeyFlags>({
  brief: "check the signature beside a lock",
  positionals: [LOCK_FILE],
  flags: { key: flagText("public key that must have made FILE.sig", { placeholder: "FILE" }), ...pickFlags("name", "workspace") },
  examples: [{ command: "skerry lock verify --key release.pub skerry-imageset/imageset.lock", does: "exit 5 when it was changed" }],
  exits: [5],
  load: () => import("./verify.run.ts"),
});
