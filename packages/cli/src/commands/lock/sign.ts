import { flagText } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";
import { pickFlags } from "../mirror/set-flags.ts";
import { LOCK_FILE, type LockFileFlags } from "./lock-file.ts";

/** Which lock, and the key for it. */
export type LockKeyFlags = LockFileFlags & { readonly key: string | undefined };

/** `skerry lock sign`. */
export const lockSign: Command = command<LockKeyFlags>({
  brief: "sign a lock; the signature goes beside it, as FILE.sig",
  details: ["'cosign verify-blob --key PUBLIC --signature FILE.sig FILE' accepts it too."],
  positionals: [LOCK_FILE],
  flags: { key: flagText("private key: EC, RSA or ed25519, PEM", { placeholder: "FILE" }), ...pickFlags("name", "workspace") },
  examples: [{ command: "skerry lock sign --key release.pem skerry-imageset/imageset.lock", does: "writes imageset.lock.sig" }],
  load: () => import("./sign.run.ts"),
});
