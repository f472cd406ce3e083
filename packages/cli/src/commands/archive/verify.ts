import { flagList, flagSwitch } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";

export interface VerifyArchiveFlags {
  readonly quick: boolean;
  readonly "trust-key": readonly string[];
}

/** `skerry archive verify`. */
export const archiveVerify: Command = command<VerifyArchiveFlags>({
  brief: "check volumes, contents, signature and every blob of an archive",
  positionals: [{ name: "DIR", brief: "folder of an archive, or file://DIR", count: "one" }],
  flags: {
    quick: flagSwitch("sizes, headers, contents and signature only"),
    "trust-key": flagList("public key that must have signed the archive", { placeholder: "FILE" }),
  },
  examples: [{ command: "skerry archive verify /media/disk", does: "re-hash everything; exit 5 names blob, volume and images" }],
  exits: [5],
  load: () => import("./verify.run.ts"),
});
