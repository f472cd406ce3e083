import { flagText } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";
import { LOCK_FILE, lockFileFlags } from "./lock-file.ts";
import type { LockKeyFlags } from "./sign.ts";

/** `skerry lock verify`. */
export const lockVerify: Command = command<LockKeyFlags>({
  brief: "check the signature of a lock",
  positionals: [LOCK_FILE],
  flags: { key: flagText("public key (PEM) that must have made FILE.sig", { placeholder: "FILE" }), ...lockFileFlags },
  examples: [
    { command: "skerry lock verify --key release.pub skerry-imageset/imageset.lock", does: "exit 5 when it is not what was signed" },
  ],
  exits: [4, 5],
  load: () => import("./verify.run.ts"),
});
