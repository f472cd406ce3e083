import { flagText } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";
import { LOCK_FILE, type LockFileFlags, lockFileFlags } from "./lock-file.ts";

export type LockKeyFlags = LockFileFlags & { readonly key: string | undefined };

/** `skerry lock sign`. */
export const lockSign: Command = command<LockKeyFlags>({
  brief: "sign a lock",
  details: ["Writes the detached signature beside the lock, as FILE.sig, in the form that `cosign verify-blob --key` checks."],
  positionals: [LOCK_FILE],
  flags: {
    key: flagText("private key (EC, RSA or ed25519, PEM, without a passphrase)", { placeholder: "FILE" }),
    ...lockFileFlags,
  },
  examples: [{ command: "skerry lock sign --key release.key skerry-imageset/imageset.lock", does: "write imageset.lock.sig" }],
  exits: [4],
  load: () => import("./sign.run.ts"),
});
