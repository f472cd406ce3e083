import { flagFile } from "../../command/every-flags.ts";
import { flagSwitch } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";
import { type RootFlags, rootFlag } from "./root-flag.ts";

export interface RetainFlags extends RootFlags {
  readonly policy: string | undefined;
  readonly "dry-run": boolean;
}

/** `skerry registry retain`. */
export const retain: Command = command<RetainFlags>({
  brief: "remove tags and untagged manifests that a policy does not keep",
  details: [
    "Rules by repository and tag pattern: keepNewest, keepDays, untaggedDays. What no rule speaks of stays. Bytes go with the next gc.",
  ],
  flags: { root: rootFlag, policy: flagFile("rules as YAML"), "dry-run": flagSwitch("only say what would go") },
  examples: [{ command: "skerry registry retain --root /srv/mirror --policy retention.yaml --dry-run", does: "look before it happens" }],
  load: () => import("./retain.run.ts"),
});
