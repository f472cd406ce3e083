import { contentFlags } from "../../command/content-flags.ts";
import { flagSwitch } from "../../command/flag.ts";
import { registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";
import type { MirrorFlags } from "./session.ts";
import { setFlags } from "./set-flags.ts";

export type PlanFlags = MirrorFlags & { readonly "exit-code": boolean };

/** `skerry plan`. */
export const plan: Command = command<PlanFlags>({
  brief: "resolve, size and explain an image set; moves nothing",
  details: [
    "Reads the catalogs of an image set configuration, resolves every image, and says what a mirror would move. Writes lock, plan and lists into the workspace.",
  ],
  positionals: [{ name: "TARGET", brief: "registry (docker://HOST[:PORT][/PREFIX]) to compare with", count: "optional" }],
  flags: { ...setFlags, ...contentFlags, ...registryFlags, "exit-code": flagSwitch("end with 6 when anything differs from the last lock") },
  examples: [
    { command: "skerry plan -c imageset.yaml docker://mirror.example.com:8443/ocp", does: "what would move to this mirror" },
    { command: "skerry plan -c imageset.yaml -o json", does: "the whole plan, for scripts" },
  ],
  exits: [3, 4, 6],
  load: () => import("./plan.run.ts"),
});
