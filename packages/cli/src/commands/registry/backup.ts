import { flagText } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";
import { type RootFlags, rootFlag } from "./root-flag.ts";

export interface BackupFlags extends RootFlags {
  readonly to: string | undefined;
}

/** `skerry registry backup`. */
export const backup: Command = command<BackupFlags>({
  brief: "copy the registry into a folder that can be served itself",
  details: ["Works while the registry serves. Into the same folder again, it copies what is new. Users and keys are not copied."],
  flags: { root: rootFlag, to: flagText("folder for the copy", { placeholder: "DIR" }) },
  examples: [{ command: "skerry registry backup --root /srv/mirror --to /mnt/backup/mirror", does: "every night" }],
  load: () => import("./backup.run.ts"),
});
