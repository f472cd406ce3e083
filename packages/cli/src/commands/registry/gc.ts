import { flagDuration, flagSwitch } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";
import { type RootFlags, rootFlag } from "./root-flag.ts";

export interface GcFlags extends RootFlags {
  readonly "dry-run": boolean;
  readonly grace: number;
}

/** `skerry registry gc`. */
export const gc: Command = command<GcFlags>({
  brief: "take away blobs that no manifest names any more",
  details: [
    "Works while the registry serves. A blob that a push has looked at, mounted or uploaded within ten minutes is left alone, whatever --grace says.",
  ],
  flags: {
    root: rootFlag,
    "dry-run": flagSwitch("only say what would go"),
    grace: flagDuration("leave alone what is younger", { default: "1h" }),
  },
  examples: [{ command: "skerry registry gc --root /srv/mirror --dry-run", does: "how much would be freed" }],
  load: () => import("./gc.run.ts"),
});
